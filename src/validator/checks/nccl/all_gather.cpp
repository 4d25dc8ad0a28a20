// Proves: an all-gather over every GPU is right bit for bit on every rank in every type, in and out of place and on
//   the output that was timed, at no less than half of what the links carry.
// Control: one element on one rank is changed by 1 on the device, for each type and for the timed output.
// Suite: standard
#include "checks/nccl/collective_check.hpp"

namespace envforge::validator::nccl {
namespace {

class AllGather : public CollectiveCheck {
 public:
  AllGather() : CollectiveCheck(gpu::Collective::kAllGather) {}
};
ENVFORGE_CHECK(AllGather);

}  // namespace
}  // namespace envforge::validator::nccl
