// Work that is ordered by streams and events instead of by waiting: a stream, memory that copies do not have to stage,
// a captured graph. Used by the checks of cuda and peer.
#pragma once

#include <cstddef>
#include <functional>

#include "gpu/device.hpp"

namespace envforge::validator::gpu {

/// A stream of its own, not in step with the default one.
class Stream {
 public:
  explicit Stream(const Device& device);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  void* handle() const { return stream_; }
  void synchronize() const;
  /// What follows here waits for what was recorded.
  void wait(const Event& event) const;
  void record(const Event& event) const;
  void copy_in(std::uint64_t to, const void* from, std::size_t bytes) const;
  void copy_out(void* to, std::uint64_t from, std::size_t bytes) const;
  void copy(std::uint64_t to, std::uint64_t from, std::size_t bytes) const;

 private:
  const CudaApi* api_;
  void* stream_ = nullptr;
};

/// Page-locked memory of the host.
class PinnedMemory {
 public:
  PinnedMemory(const Device& device, std::size_t bytes);
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  ~PinnedMemory();
  void* pointer() const { return memory_; }
  std::uint32_t* words() const { return static_cast<std::uint32_t*>(memory_); }
  /// As the GPU addresses it: the same number, where addressing is unified.
  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(memory_); }

 private:
  const CudaApi* api_;
  void* memory_ = nullptr;
};

/// What `work` put into `stream`, to be launched as often as one likes.
class Graph {
 public:
  Graph(const Device& device, const Stream& stream, const std::function<void()>& work);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();
  void launch(const Stream& stream) const;

 private:
  const CudaApi* api_;
  void* graph_ = nullptr;
  void* executable_ = nullptr;
};

}  // namespace envforge::validator::gpu
