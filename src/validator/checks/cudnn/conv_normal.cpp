// Proves: the very output of a large cuDNN convolution in fp16 that was timed is right on bell-shaped data, one output
//   out of each of 65536 equal parts, and it does not run below 30 % of the model.
// Control: one output of the timed convolution is moved by three times its bound on the device.
// Suite: quick
#include "checks/cudnn/timed_convolution.hpp"

namespace envforge::validator::cudnn {
namespace {

class ConvNormal : public TimedConvolution {
 public:
  ConvNormal() : TimedConvolution(numbers::OperationKind::kForward, "convolution fp16") {}
};
ENVFORGE_CHECK(ConvNormal);

}  // namespace
}  // namespace envforge::validator::cudnn
