// Proves: /dev/shm, as this image is run, is larger than the 64 MiB that Docker gives by default, and than what NCCL
//   keeps there for the GPUs that the container was given.
// Control: a size of 64 MiB is put into the copy that is judged.
// Suite: quick
//
// Data loaders and NCCL put their buffers there, and die of a bus error when it is full.
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "container/limits.hpp"
#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using protocol::Layer;

class Shm : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    struct statvfs shm {};
    if (statvfs("/dev/shm", &shm) != 0) {
      throw harness::Failure(std::string("there is no /dev/shm: ") + strerror(errno), Layer::kContainerFlags,
                             "statvfs(2)", "docker run --shm-size 1g ...");
    }
    const std::uint64_t size = std::uint64_t{shm.f_blocks} * shm.f_frsize;
    const std::size_t gpus = container::gpu_device_files().size();
    protocol::Measurement m{"size", static_cast<double>(size), "bytes", {}, "statvfs(/dev/shm)", {}};
    if (gpus > 1) {
      m.expected = static_cast<double>(container::shm_of_nccl(gpus));
      m.derivation = "a ring of NCCL through host memory: " + std::to_string(gpus) + " GPUs x 2 channels x 9637888";
    }
    result.measurements.push_back(m);
    if (!context.request().flags_are_the_runs) throw harness::Skip("these flags are verify's own");
    result.summary = support::human_bytes(size);
    std::uint64_t judged = size;
    container::report_findings(
        result, [&] { return container::judge_shm(judged, gpus); }, 1,
        {"a /dev/shm of 64 MiB", 1, [&] { judged = container::kDockersShm; }, [&] { judged = size; }},
        Layer::kContainerFlags, "statvfs(/dev/shm)");
  }
};
ENVFORGE_CHECK(Shm);

}  // namespace
}  // namespace envforge::validator
