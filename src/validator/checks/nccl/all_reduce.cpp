// Proves: an all-reduce over every GPU of the container, in one process, is right bit for bit on every rank in every
//   type of NCCL, in and out of place and on the output that was timed, and moves at least half of what the links
//   that NVML counts can carry, by the transport that NCCL itself names.
// Control: one element on one rank is changed by 1 on the device, for each type and for the timed output.
// Suite: quick
#include "checks/nccl/collective_check.hpp"

namespace envforge::validator::nccl {
namespace {

class AllReduce : public CollectiveCheck {
 public:
  AllReduce() : CollectiveCheck(gpu::Collective::kAllReduce) {}
};
ENVFORGE_CHECK(AllReduce);

}  // namespace
}  // namespace envforge::validator::nccl
