// Proves: memory can be locked without limit where the container has RDMA devices, which register their buffers with
//   it.
// Control: a limit of 64 KiB is put into the copy that is judged.
// Suite: quick
#include <sys/resource.h>
#include <unistd.h>

#include "container/limits.hpp"
#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using protocol::Layer;

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
    std::optional<std::uint64_t> own;
    if (!unlimited) own = limit.rlim_cur;
    auto judged = own;
    container::report_findings(
        result, [&] { return container::judge_memlock(judged); }, 1,
        {"a limit of 64 KiB", 1, [&] { judged = 64 << 10; }, [&] { judged = own; }}, Layer::kContainerFlags,
        "RLIMIT_MEMLOCK beside /dev/infiniband");
  }
};
ENVFORGE_CHECK(Memlock);

}  // namespace
}  // namespace envforge::validator
