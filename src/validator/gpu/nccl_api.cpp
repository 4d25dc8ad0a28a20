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
  library_.bind(api_.ncclAllGather, "ncclAllGather");
  library_.bind(api_.ncclReduceScatter, "ncclReduceScatter");
  library_.bind(api_.ncclBroadcast, "ncclBroadcast");
  library_.bind(api_.ncclReduce, "ncclReduce");
  library_.bind(api_.ncclSend, "ncclSend");
  library_.bind(api_.ncclRecv, "ncclRecv");
  library_.bind(api_.ncclGetUniqueId, "ncclGetUniqueId");
  library_.bind(api_.ncclCommInitRank, "ncclCommInitRank");
  library_.bind(api_.ncclCommAbort, "ncclCommAbort");
}

int Nccl::version_number() const {
  int number = 0;
  return api_.ncclGetVersion(&number) == 0 ? number : 0;
}

// 22105 is 2.21.5; before 2.9 a digit less told the minor version: 2804 is 2.8.4.
std::string Nccl::version() const {
  const int number = version_number();
  if (number == 0) return "";
  const int unit = number >= 10000 ? 10000 : 1000;
  return std::to_string(number / unit) + "." + std::to_string(number % unit / 100) + "." + std::to_string(number % 100);
}

// fp8 came with 2.24 (nccl.h of 2.24.3); NCCL sums it from compute capability 9.0 on (src/enqueue.cc of 2.28.9).
bool Nccl::has(numbers::Type type, bool summed, int capability) const {
  constexpr int kFirstWithFp8 = 22400, kHopper = 90;
  if (type != numbers::Type::kE4m3 && type != numbers::Type::kE5m2) return true;
  return version_number() >= kFirstWithFp8 && (!summed || capability >= kHopper);
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

int nccl_type(numbers::Type type) {
  using numbers::Type;
  switch (type) {
    case Type::kI8:
      return kNcclInt8;
    case Type::kU8:
      return kNcclUint8;
    case Type::kI32:
      return kNcclInt32;
    case Type::kU32:
      return kNcclUint32;
    case Type::kI64:
      return kNcclInt64;
    case Type::kU64:
      return kNcclUint64;
    case Type::kFp16:
      return kNcclFloat16;
    case Type::kFp64:
      return kNcclFloat64;
    case Type::kBf16:
      return kNcclBfloat16;
    case Type::kE4m3:
      return kNcclFloat8e4m3;
    case Type::kE5m2:
      return kNcclFloat8e5m2;
    default:
      return kNcclFloat32;
  }
}

void enqueue(const Nccl& nccl, const Transfer& t, void* communicator, int rank, int ranks) {
  const NcclApi& api = nccl.api();
  const int type = nccl_type(t.type);
  // To and from every peer `stride` elements apart.
  const auto exchange = [&](int to, int from, std::size_t stride) {
    const std::size_t step = stride * static_cast<std::size_t>(numbers::bytes_of(t.type));
    const auto* source = static_cast<const char*>(t.from) + static_cast<std::size_t>(to) * step;
    auto* target = static_cast<char*>(t.to) + static_cast<std::size_t>(from) * step;
    nccl.check(api.ncclSend(source, t.count, type, to, communicator, nullptr), "ncclSend");
    nccl.check(api.ncclRecv(target, t.count, type, from, communicator, nullptr), "ncclRecv");
  };
  switch (t.collective) {
    case Collective::kAllReduce:
      return nccl.check(api.ncclAllReduce(t.from, t.to, t.count, type, kNcclSum, communicator, nullptr),
                        "ncclAllReduce");
    case Collective::kAllGather:
      return nccl.check(api.ncclAllGather(t.from, t.to, t.count, type, communicator, nullptr), "ncclAllGather");
    case Collective::kReduceScatter:
      return nccl.check(api.ncclReduceScatter(t.from, t.to, t.count, type, kNcclSum, communicator, nullptr),
                        "ncclReduceScatter");
    case Collective::kBroadcast:
      return nccl.check(api.ncclBroadcast(t.from, t.to, t.count, type, t.root, communicator, nullptr), "ncclBroadcast");
    case Collective::kReduce:
      return nccl.check(api.ncclReduce(t.from, t.to, t.count, type, kNcclSum, t.root, communicator, nullptr),
                        "ncclReduce");
    case Collective::kSendRecv:
      return exchange((rank + 1) % ranks, (rank + ranks - 1) % ranks, 0);
    case Collective::kAllToAll:
      for (int peer = 0; peer < ranks; ++peer) exchange(peer, peer, t.count);
      return;
  }
}

Communicators::Communicators(const Nccl& nccl, const std::vector<int>& devices) : nccl_(&nccl), ranks_(devices.size()) {
  nccl.check(nccl.api().ncclCommInitAll(ranks_.data(), static_cast<int>(devices.size()), devices.data()),
             "ncclCommInitAll");
}

Communicators::~Communicators() {
  for (void* rank : ranks_) {
    if (rank != nullptr) nccl_->api().ncclCommDestroy(rank);
  }
}

}  // namespace envforge::validator::gpu
