#include "gpu/nccl_api.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

Nccl::Nccl(ImageLibraries& libraries) : library_(libraries.open("libnccl", {"2"})) {
  library_.bind(api_.ncclGetVersion, "ncclGetVersion");
  library_.bind(api_.ncclGetErrorString, "ncclGetErrorString");
  library_.bind_if_there(api_.ncclGetLastError, "ncclGetLastError");
  library_.bind(api_.ncclCommInitAll, "ncclCommInitAll");
  library_.bind(api_.ncclCommDestroy, "ncclCommDestroy");
  library_.bind(api_.ncclGroupStart, "ncclGroupStart");
  library_.bind(api_.ncclGroupEnd, "ncclGroupEnd");
  library_.bind(api_.ncclAllReduce, "ncclAllReduce");
}

// 22105 is 2.21.5; before 2.9 a digit less told the minor version: 2804 is 2.8.4.
std::string Nccl::version() const {
  int number = 0;
  if (api_.ncclGetVersion(&number) != 0) return "";
  const int unit = number >= 10000 ? 10000 : 1000;
  return std::to_string(number / unit) + "." + std::to_string(number % unit / 100) + "." + std::to_string(number % 100);
}

void Nccl::check(int status, const std::string& call) const {
  if (status == 0) return;
  std::string text = call + ": " + api_.ncclGetErrorString(status);
  if (api_.ncclGetLastError != nullptr) {
    const char* last = api_.ncclGetLastError(nullptr);
    if (last != nullptr && *last != '\0') text += " - " + std::string(last);
  }
  text += " (NCCL " + version() + ")";
  if (status == kNcclUnhandledCudaError) {
    throw harness::Failure(text, protocol::Layer::kHostDriver, "NCCL got an error from the CUDA driver",
                           "NCCL_DEBUG=INFO names the call; the other groups say whether the GPU works at all");
  }
  throw harness::Failure(text, protocol::Layer::kContainerFlags, "a collective needs shared memory and the GPUs' peers",
                         "docker run --shm-size 1g --ulimit memlock=-1 ..., and NCCL_DEBUG=INFO to see what it lacks");
}

Communicators::Communicators(const Nccl& nccl, int ranks) : nccl_(&nccl), ranks_(static_cast<std::size_t>(ranks)) {
  std::vector<int> devices;
  for (int i = 0; i < ranks; ++i) devices.push_back(i);
  nccl.check(nccl.api().ncclCommInitAll(ranks_.data(), ranks, devices.data()), "ncclCommInitAll");
}

Communicators::~Communicators() {
  for (void* rank : ranks_) {
    if (rank != nullptr) nccl_->api().ncclCommDestroy(rank);
  }
}

void Communicators::all_reduce(const std::vector<std::unique_ptr<Device>>& devices, const std::vector<Buffer>& from,
                               const std::vector<Buffer>& to, std::size_t count) const {
  const NcclApi& api = nccl_->api();
  nccl_->check(api.ncclGroupStart(), "ncclGroupStart");
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    devices[i]->make_current();
    nccl_->check(
        api.ncclAllReduce(from[i].pointer(), to[i].pointer(), count, kNcclFloat32, kNcclSum, ranks_[i], nullptr),
        "ncclAllReduce");
  }
  nccl_->check(api.ncclGroupEnd(), "ncclGroupEnd");
}

}  // namespace envforge::validator::gpu
