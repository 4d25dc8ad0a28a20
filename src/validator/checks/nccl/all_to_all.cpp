// Proves: an all-to-all by grouped sends and receives is right bit for bit on every rank in every type and on the
//   output that was timed, at no less than half of what the links carry.
// Control: one element on one rank is changed by 1 on the device, for each type and for the timed output.
// Suite: standard
#include "checks/nccl/collective_check.hpp"

namespace envforge::validator::nccl {
namespace {

class AllToAll : public CollectiveCheck {
 public:
  AllToAll() : CollectiveCheck(gpu::Collective::kAllToAll) {}
};
ENVFORGE_CHECK(AllToAll);

}  // namespace
}  // namespace envforge::validator::nccl
