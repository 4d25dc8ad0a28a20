// Proves: every GPU sends to the next and receives from the one before, right bit for bit in every type and on the
//   output that was timed, at no less than half of what the links carry.
// Control: one element on one rank is changed by 1 on the device, for each type and for the timed output.
// Suite: standard
#include "checks/nccl/collective_check.hpp"

namespace envforge::validator::nccl {
namespace {

class SendRecv : public CollectiveCheck {
 public:
  SendRecv() : CollectiveCheck(gpu::Collective::kSendRecv) {}
};
ENVFORGE_CHECK(SendRecv);

}  // namespace
}  // namespace envforge::validator::nccl
