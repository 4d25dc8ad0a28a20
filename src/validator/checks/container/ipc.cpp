// Proves: this user can make, write and map memory in /dev/shm; it says whose namespaces it is in.
// Control: one byte of the mapped memory is changed.
// Suite: quick
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "container/limits.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

constexpr std::size_t kBytes = 1U << 20;
constexpr const char* kMend =
    "docker run --ipc=private --shm-size 1g ..., and a user who may write to /dev/shm (mode 1777)";

std::string link_of(const std::string& kind) {
  char target[PATH_MAX];
  const ssize_t n = readlink(("/proc/self/ns/" + kind).c_str(), target, sizeof target);
  return n > 0 ? std::string(target, static_cast<std::size_t>(n)) : "";
}

[[noreturn]] void cannot(const std::string& what) {
  throw harness::Failure(what + " in /dev/shm: " + strerror(errno) + "; NCCL and data loaders do this in every process",
                         protocol::Layer::kContainerFlags, "open, write and mmap of one MiB", kMend);
}

harness::Comparison compare(const char* mapped, const std::string& written) {
  harness::Comparison out;
  out.compared = written.size();
  for (std::size_t i = 0; i < written.size(); ++i) out.wrong += mapped[i] != written[i] ? 1 : 0;
  out.worst = static_cast<double>(out.wrong);
  out.first = "a file in /dev/shm has other bytes when it is mapped";
  return out;
}

class Ipc : public harness::Check {
 public:
  void run(harness::Context&, protocol::CheckResult& result) override {
    const std::string path = "/dev/shm/envforge-" + std::to_string(getpid());
    const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) cannot("no file can be made");
    unlink(path.c_str());
    const std::string bytes(kBytes, 'e');
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written != static_cast<ssize_t>(kBytes)) {
      if (written >= 0) errno = ENOSPC;
      close(fd);
      cannot("one MiB cannot be written");
    }
    void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED) cannot("a file cannot be mapped");
    const std::string ipc = container::namespace_owner("ipc", link_of("ipc"));
    const std::string pid = container::namespace_owner("pid", link_of("pid"));
    result.summary = "shared memory works; IPC namespace: " + (ipc.empty() ? "not known" : ipc) +
                     ", process namespace: " + (pid.empty() ? "not known" : pid);
    auto* mapped = static_cast<char*>(memory);
    harness::judge(
        result, [&] { return compare(mapped, bytes); },
        {"one byte of the mapped memory changed", 1, [&] { mapped[kBytes / 2] ^= 1; },
         [&] { mapped[kBytes / 2] ^= 1; }},
        protocol::Layer::kContainerFlags);
    if (result.verdict == protocol::Verdict::kFail) result.mend = kMend;
    munmap(memory, kBytes);
  }
};
ENVFORGE_CHECK(Ipc);

}  // namespace
}  // namespace envforge::validator
