// One process of the run at a time on the way between its GPU and the host's memory. GPUs of a run share that memory
// and often a PCIe switch: four healthy H200s that copied at once got 37 GB/s each of the 55 that each has alone
// (docs/measurements.md). Used where such copies are timed.
#pragma once

#include <chrono>

namespace envforge::validator::gpu {

/// Holds an flock(2) of `file`, by default this program's own, which every process of the group shares; the kernel
/// gives it back when a process dies.
class HostTurn {
 public:
  /// Waits for the others, at most `longest`.
  explicit HostTurn(std::chrono::milliseconds longest = std::chrono::seconds(30), const char* file = "/proc/self/exe");
  ~HostTurn();
  HostTurn(const HostTurn&) = delete;
  HostTurn& operator=(const HostTurn&) = delete;
  /// False when the time was over first, or the file cannot be locked.
  bool alone() const { return alone_; }

 private:
  int fd_;
  bool alone_ = false;
};

}  // namespace envforge::validator::gpu
