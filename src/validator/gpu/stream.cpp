#include "gpu/stream.hpp"

namespace envforge::validator::gpu {

Stream::Stream(const Device& device) : api_(&device.api()) {
  api_->check(api_->cuStreamCreate(&stream_, kStreamNonBlocking), "cuStreamCreate");
}

Stream::~Stream() {
  api_->cuStreamDestroy_v2(stream_);
}

void Stream::synchronize() const {
  api_->check(api_->cuStreamSynchronize(stream_), "cuStreamSynchronize");
}

void Stream::wait(const Event& event) const {
  api_->check(api_->cuStreamWaitEvent(stream_, event.handle(), 0), "cuStreamWaitEvent");
}

void Stream::record(const Event& event) const {
  api_->check(api_->cuEventRecord(event.handle(), stream_), "cuEventRecord");
}

void Stream::copy_in(std::uint64_t to, const void* from, std::size_t bytes) const {
  api_->check(api_->cuMemcpyHtoDAsync_v2(to, from, bytes, stream_), "cuMemcpyHtoDAsync");
}

void Stream::copy_out(void* to, std::uint64_t from, std::size_t bytes) const {
  api_->check(api_->cuMemcpyDtoHAsync_v2(to, from, bytes, stream_), "cuMemcpyDtoHAsync");
}

void Stream::copy(std::uint64_t to, std::uint64_t from, std::size_t bytes) const {
  api_->check(api_->cuMemcpyDtoDAsync_v2(to, from, bytes, stream_), "cuMemcpyDtoDAsync");
}

PinnedMemory::PinnedMemory(const Device& device, std::size_t bytes) : api_(&device.api()) {
  api_->check(api_->cuMemAllocHost_v2(&memory_, bytes), "cuMemAllocHost(" + std::to_string(bytes) + " bytes)");
}

PinnedMemory::~PinnedMemory() {
  api_->cuMemFreeHost(memory_);
}

Graph::Graph(const Device& device, const Stream& stream, const std::function<void()>& work) : api_(&device.api()) {
  api_->check(api_->cuStreamBeginCapture_v2(stream.handle(), kCaptureModeThreadLocal), "cuStreamBeginCapture");
  try {
    work();
  } catch (...) {
    api_->cuStreamEndCapture(stream.handle(), &graph_);
    if (graph_ != nullptr) api_->cuGraphDestroy(graph_);
    throw;
  }
  api_->check(api_->cuStreamEndCapture(stream.handle(), &graph_), "cuStreamEndCapture");
  const int status = api_->cuGraphInstantiateWithFlags(&executable_, graph_, 0);
  if (status != 0) api_->cuGraphDestroy(graph_);
  api_->check(status, "cuGraphInstantiateWithFlags");
}

Graph::~Graph() {
  api_->cuGraphExecDestroy(executable_);
  api_->cuGraphDestroy(graph_);
}

void Graph::launch(const Stream& stream) const {
  api_->check(api_->cuGraphLaunch(executable_, stream.handle()), "cuGraphLaunch");
}

}  // namespace envforge::validator::gpu
