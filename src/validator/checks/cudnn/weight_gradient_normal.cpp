// Proves: the very gradient of a large fp16 convolution with respect to its weights that was timed is right on
//   bell-shaped data, one element out of each of 16384 equal parts.
// Control: one output of the timed gradient is moved by three times its bound on the device.
// Suite: standard
#include "checks/cudnn/timed_convolution.hpp"

namespace envforge::validator::cudnn {
namespace {

// Below this share of the model something is wrong that no choice of engine explains: half of cudnn.conv-normal's, for
// sums over all pictures need a second pass.
constexpr double kLowestFraction = 0.15;

class WeightGradientNormal : public TimedConvolution {
 public:
  WeightGradientNormal() : TimedConvolution(numbers::OperationKind::kWeightGradient, kLowestFraction) {}
};
ENVFORGE_CHECK(WeightGradientNormal);

}  // namespace
}  // namespace envforge::validator::cudnn
