// Proves: the gradient of convolutions with respect to their input, through cuDNN's graph interface, in the shapes,
//   layouts and types of cudnn.conv-forward, is right bit for bit on small integers.
// Control: one output of each shape and type is moved by one unit in its last place on the device.
// Suite: standard
#include "checks/cudnn/exact_convolutions.hpp"

namespace envforge::validator::cudnn {
namespace {

class ConvDataGradient : public ExactConvolutions {
 public:
  ConvDataGradient() : ExactConvolutions(numbers::OperationKind::kDataGradient) {}
};
ENVFORGE_CHECK(ConvDataGradient);

}  // namespace
}  // namespace envforge::validator::cudnn
