// Proves: the container may start one thread for each CPU and each GPU's process, which torch does by itself.
// Control: a limit of as many as are needed, and no more, is put into the copy that is judged.
// Suite: quick
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "container/limits.hpp"
#include "container/report_findings.hpp"
#include "harness/check.hpp"
#include "loader/root.hpp"

namespace envforge::validator {
namespace {

long usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return sysconf(_SC_NPROCESSORS_ONLN);
}

class Pids : public harness::Check {
 public:
  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto of_cgroup = container::lowest_pids_limit(loader::Root().read("/proc/self/cgroup").value_or(""));
    std::optional<long> limit = of_cgroup ? std::optional<long>(of_cgroup->limit) : std::nullopt;
    std::string source = of_cgroup ? of_cgroup->file : "";
    rlimit processes{};
    const bool limited =
        getrlimit(RLIMIT_NPROC, &processes) == 0 && processes.rlim_cur != RLIM_INFINITY && geteuid() != 0;
    if (limited && (!limit || static_cast<long>(processes.rlim_cur) < *limit)) {
      limit = static_cast<long>(processes.rlim_cur);
      source = "RLIMIT_NPROC";
    }
    const long gpus = std::max<long>(1, static_cast<long>(container::gpu_device_files().size()));
    const long needed = usable_cpus() * gpus;
    if (limit) {
      result.measurements.push_back({"processes and threads",
                                     static_cast<double>(*limit),
                                     "",
                                     static_cast<double>(needed),
                                     "CPUs that this container may use x one process for each GPU",
                                     {}});
    }
    if (!context.request().flags_are_the_runs) throw harness::Skip("these flags are verify's own");
    result.summary = limit ? std::to_string(*limit) + " by " + source : "no limit";
    auto judged = limit;
    container::report_findings(
        result, [&] { return container::judge_pids(judged, source, needed); }, 1,
        {"a limit of " + std::to_string(needed), 1, [&] { judged = needed; }, [&] { judged = limit; }},
        protocol::Layer::kContainerFlags, source);
  }
};
ENVFORGE_CHECK(Pids);

}  // namespace
}  // namespace envforge::validator
