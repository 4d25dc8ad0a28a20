// Proves: memory can be locked without limit where the container has RDMA devices, which register their buffers with
//   it.
// Control: none, the kernel's own limit is read.
// Suite: quick
#include <sys/resource.h>
#include <unistd.h>

#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using protocol::Layer;
using protocol::Verdict;

class Memlock : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    rlimit limit{};
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) throw harness::Skip("the kernel does not tell RLIMIT_MEMLOCK");
    const bool unlimited = limit.rlim_cur == RLIM_INFINITY;
    if (!unlimited) {
      result.measurements.push_back({"limit", static_cast<double>(limit.rlim_cur), "bytes", {}, "RLIMIT_MEMLOCK", {}});
    }
    if (!context.request().flags_are_the_runs) throw harness::Skip("these flags are verify's own");
    const bool rdma = access("/dev/infiniband", F_OK) == 0;
    if (!rdma) throw harness::Skip("the container has no /dev/infiniband: nothing here locks memory");
    result.summary = unlimited ? "unlimited" : std::to_string(limit.rlim_cur) + " bytes";
    result.verdict = unlimited ? Verdict::kPass : Verdict::kDegraded;
    if (unlimited) return;
    result.reason = "only " + result.summary + " may be locked; RDMA registers more";
    result.layer = Layer::kContainerFlags;
    result.evidence = "RLIMIT_MEMLOCK beside /dev/infiniband";
    result.mend = "docker run --ulimit memlock=-1 ...";
  }
};
ENVFORGE_CHECK(Memlock);

}  // namespace
}  // namespace envforge::validator
