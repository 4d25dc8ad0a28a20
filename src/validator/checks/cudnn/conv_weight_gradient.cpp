// Proves: the gradient of convolutions with respect to their weights, through cuDNN's graph interface, in the shapes,
//   layouts and types of cudnn.conv-forward, is right bit for bit on small integers.
// Control: one output of each shape and type is moved by one unit in its last place on the device.
// Suite: standard
#include "checks/cudnn/exact_convolutions.hpp"

namespace envforge::validator::cudnn {
namespace {

class ConvWeightGradient : public ExactConvolutions {
 public:
  ConvWeightGradient() : ExactConvolutions(numbers::OperationKind::kWeightGradient) {}
};
ENVFORGE_CHECK(ConvWeightGradient);

}  // namespace
}  // namespace envforge::validator::cudnn
