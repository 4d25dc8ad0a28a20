// Proves: the very gradient of a large fp16 convolution with respect to its weights that was timed is right on
//   bell-shaped data, one element out of each of 16384 equal parts, and it does not run below 15 % of the model.
// Control: one output of the timed gradient is moved by three times its bound on the device.
// Suite: standard
#include "checks/cudnn/timed_convolution.hpp"

namespace envforge::validator::cudnn {
namespace {

class WeightGradientNormal : public TimedConvolution {
 public:
  WeightGradientNormal() : TimedConvolution(numbers::OperationKind::kWeightGradient, "weight gradient fp16") {}
};
ENVFORGE_CHECK(WeightGradientNormal);

}  // namespace
}  // namespace envforge::validator::cudnn
