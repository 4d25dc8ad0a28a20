#include "gpu/device.hpp"

namespace envforge::validator::gpu {

Device::Device(const CudaApi& api, int ordinal) : api_(&api) {
  api.check(api.cuDeviceGet(&device_, ordinal), "cuDeviceGet(" + std::to_string(ordinal) + ")");
  api.check(api.cuDevicePrimaryCtxRetain(&context_, device_), "cuDevicePrimaryCtxRetain");
  make_current();
}

Device::~Device() {
  api_->cuDevicePrimaryCtxRelease_v2(device_);
}

void Device::make_current() const {
  api_->check(api_->cuCtxSetCurrent(context_), "cuCtxSetCurrent");
}

void Device::synchronize() const {
  api_->check(api_->cuCtxSynchronize(), "cuCtxSynchronize");
}

int Device::attribute(CudaAttribute attribute) const {
  int value = 0;
  api_->check(api_->cuDeviceGetAttribute(&value, attribute, device_), "cuDeviceGetAttribute");
  return value;
}

std::size_t Device::free_bytes() const {
  std::size_t free = 0, total = 0;
  api_->check(api_->cuMemGetInfo_v2(&free, &total), "cuMemGetInfo");
  return free;
}

Buffer::Buffer(const Device& device, std::size_t bytes) : api_(&device.api()), bytes_(bytes) {
  api_->check(api_->cuMemAlloc_v2(&address_, bytes), "cuMemAlloc(" + std::to_string(bytes) + " bytes)");
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(api_, other.api_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Buffer::~Buffer() {
  if (address_ != 0) api_->cuMemFree_v2(address_);
}

void Buffer::write(const void* from, std::size_t bytes, std::size_t offset) const {
  api_->check(api_->cuMemcpyHtoD_v2(address_ + offset, from, bytes), "cuMemcpyHtoD");
}

void Buffer::read(void* to, std::size_t bytes, std::size_t offset) const {
  api_->check(api_->cuMemcpyDtoH_v2(to, address_ + offset, bytes), "cuMemcpyDtoH");
}

void Buffer::clear(unsigned char value) const {
  api_->check(api_->cuMemsetD8_v2(address_, value, bytes_), "cuMemsetD8");
}

std::uint64_t Buffer::peek(std::size_t offset, int size) const {
  std::uint64_t bits = 0;  // little-endian on every host that has an NVIDIA GPU
  read(&bits, static_cast<std::size_t>(size), offset);
  return bits;
}

void Buffer::poke(std::size_t offset, int size, std::uint64_t bits) const {
  write(&bits, static_cast<std::size_t>(size), offset);
}

Event::Event(const Device& device) : api_(&device.api()) {
  api_->check(api_->cuEventCreate(&event_, 0), "cuEventCreate");
}

Event::~Event() {
  api_->cuEventDestroy_v2(event_);
}

void Event::record() const {
  api_->check(api_->cuEventRecord(event_, nullptr), "cuEventRecord");
}

bool Event::happened() const {
  const int status = api_->cuEventQuery(event_);
  if (status != kCudaNotReady) api_->check(status, "cuEventQuery");
  return status == 0;
}

double Event::seconds_since(const Event& start) const {
  api_->check(api_->cuEventSynchronize(event_), "cuEventSynchronize");
  float milliseconds = 0;
  api_->check(api_->cuEventElapsedTime(&milliseconds, start.event_, event_), "cuEventElapsedTime");
  return static_cast<double>(milliseconds) / 1000;
}

}  // namespace envforge::validator::gpu
