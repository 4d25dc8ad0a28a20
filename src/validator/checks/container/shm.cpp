// Proves: /dev/shm, as this image is run, is larger than the 64 MiB that Docker gives by default.
// Control: none, the file system's own size is read.
// Suite: quick
//
// Data loaders and NCCL put their buffers there, and die of a bus error when it is full.
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include <envforge/support/text.hpp>

#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using protocol::Layer;
using protocol::Verdict;

// Docker gives 64 MiB; a data loader with a few workers needs more.
constexpr std::uint64_t kDockersDefault = 64ULL << 20;

class Shm : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    struct statvfs shm {};
    if (statvfs("/dev/shm", &shm) != 0) {
      throw harness::Failure(std::string("there is no /dev/shm: ") + strerror(errno), Layer::kContainerFlags,
                             "statvfs(2)", "docker run --shm-size 1g ...");
    }
    const std::uint64_t bytes = std::uint64_t{shm.f_blocks} * shm.f_frsize;
    result.measurements.push_back({"size", static_cast<double>(bytes), "bytes", {}, "statvfs(/dev/shm)", {}});
    if (!context.request().flags_are_the_runs) throw harness::Skip("these flags are verify's own");
    result.summary = support::human_bytes(bytes);
    result.verdict = bytes > kDockersDefault ? Verdict::kPass : Verdict::kDegraded;
    if (result.verdict == Verdict::kPass) return;
    result.reason =
        "/dev/shm has " + support::human_bytes(bytes) + ": too little for data loaders with workers and for NCCL";
    result.layer = Layer::kContainerFlags;
    result.evidence = "statvfs(/dev/shm)";
    result.mend = "docker run --shm-size 1g ..., or `run: {shm: 1g}` in the recipe";
  }
};
ENVFORGE_CHECK(Shm);

}  // namespace
}  // namespace envforge::validator
