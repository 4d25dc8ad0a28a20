// Proves: forward convolutions through cuDNN's graph interface (2-D, strided, grouped, 3-D; channels first and last)
//   in fp32, tf32, fp16 and bf16 give every output of small integers bit for bit.
// Control: one output of each shape and type is moved by one unit in its last place on the device.
// Suite: standard
#include "checks/cudnn/exact_convolutions.hpp"

namespace envforge::validator::cudnn {
namespace {

class ConvForward : public ExactConvolutions {
 public:
  ConvForward() : ExactConvolutions(numbers::OperationKind::kForward) {}
};
ENVFORGE_CHECK(ConvForward);

}  // namespace
}  // namespace envforge::validator::cudnn
