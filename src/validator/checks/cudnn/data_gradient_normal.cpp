// Proves: the very gradient of a large fp16 convolution with respect to its input that was timed is right on
//   bell-shaped data, one element out of each of 65536 equal parts, and it does not run below 30 % of the model.
// Control: one output of the timed gradient is moved by three times its bound on the device.
// Suite: standard
#include "checks/cudnn/timed_convolution.hpp"

namespace envforge::validator::cudnn {
namespace {

class DataGradientNormal : public TimedConvolution {
 public:
  DataGradientNormal() : TimedConvolution(numbers::OperationKind::kDataGradient, "data gradient fp16") {}
};
ENVFORGE_CHECK(DataGradientNormal);

}  // namespace
}  // namespace envforge::validator::cudnn
