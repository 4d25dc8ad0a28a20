// One GPU through the driver API: its primary context, memory, events, copies and launches, each owned by one object.
// Used by every check of the GPU; knows no library above libcuda.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gpu/cuda_api.hpp"

namespace envforge::validator::gpu {

/// The GPU `ordinal` of this process, with its primary context current.
class Device {
 public:
  Device(const CudaApi& api, int ordinal);
  // Owns a reference to the context.
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  const CudaApi& api() const { return *api_; }
  void* context() const { return context_; }
  int ordinal() const { return device_; }
  void make_current() const;
  void synchronize() const;
  int attribute(CudaAttribute attribute) const;
  std::size_t free_bytes() const;
  int multiprocessors() const { return attribute(kMultiprocessorCount); }
  /// 90 for compute capability 9.0.
  int capability() const { return attribute(kComputeCapabilityMajor) * 10 + attribute(kComputeCapabilityMinor); }

 private:
  const CudaApi* api_;
  int device_ = 0;
  void* context_ = nullptr;
};

/// A part of device memory that somebody else owns.
struct View {
  std::uint64_t address = 0, bytes = 0;
};

/// Device memory.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Device& device, std::size_t bytes);
  // Move only: the memory has one owner.
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  std::uint64_t address() const { return address_; }
  void* pointer() const { return reinterpret_cast<void*>(address_); }
  std::size_t bytes() const { return bytes_; }
  operator View() const { return {address_, bytes_}; }

  void write(const void* from, std::size_t bytes, std::size_t offset = 0) const;
  void read(void* to, std::size_t bytes, std::size_t offset = 0) const;
  void clear(unsigned char value = 0) const;
  /// `size` bytes at `offset`, as an unsigned number.
  std::uint64_t peek(std::size_t offset, int size) const;
  void poke(std::size_t offset, int size, std::uint64_t bits) const;

 private:
  const CudaApi* api_ = nullptr;
  unsigned long long address_ = 0;
  std::size_t bytes_ = 0;
};

/// Copies a host vector to the device.
template <class T>
Buffer upload(const Device& device, const std::vector<T>& values) {
  Buffer buffer(device, values.size() * sizeof(T));
  buffer.write(values.data(), values.size() * sizeof(T));
  return buffer;
}

class Event {
 public:
  explicit Event(const Device& device);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();
  void record() const;
  void* handle() const { return event_; }
  /// Whether everything before it has happened; waits for nothing.
  bool happened() const;
  /// From `start` to this, once both have happened.
  double seconds_since(const Event& start) const;

 private:
  const CudaApi* api_;
  void* event_ = nullptr;
};

}  // namespace envforge::validator::gpu
