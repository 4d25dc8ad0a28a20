// Proves: the very gradient of a large fp16 convolution with respect to its input that was timed is right on
//   bell-shaped data, one element out of each of 65536 equal parts.
// Control: one output of the timed gradient is moved by three times its bound on the device.
// Suite: standard
#include "checks/cudnn/timed_convolution.hpp"

namespace envforge::validator::cudnn {
namespace {

// Below this share of the model something is wrong that no choice of engine explains: that of cudnn.conv-normal.
constexpr double kLowestFraction = 0.3;

class DataGradientNormal : public TimedConvolution {
 public:
  DataGradientNormal() : TimedConvolution(numbers::OperationKind::kDataGradient, kLowestFraction) {}
};
ENVFORGE_CHECK(DataGradientNormal);

}  // namespace
}  // namespace envforge::validator::cudnn
