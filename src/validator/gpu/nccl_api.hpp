// The functions of NCCL that the groups call, and one communicator over several GPUs of this process. The only place
// that declares them; tests/abi compares it with the headers.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gpu/collective.hpp"
#include "gpu/device.hpp"
#include "gpu/image_libraries.hpp"
#include "gpu/shared_library.hpp"
#include "numbers/element.hpp"

namespace envforge::validator::gpu {

/// ncclUniqueId, which NCCL takes by value.
struct NcclUniqueId {
  char bytes[128];
};

struct NcclApi {
  int (*ncclGetVersion)(int* version);
  const char* (*ncclGetErrorString)(int status);
  const char* (*ncclGetLastError)(void* communicator);  // from 2.13 on; may be nullptr
  int (*ncclCommInitAll)(void** communicators, int count, const int* devices);
  int (*ncclCommDestroy)(void* communicator);
  int (*ncclGroupStart)();
  int (*ncclGroupEnd)();
  int (*ncclAllReduce)(const void* from, void* to, std::size_t count, int type, int operation, void* communicator,
                       void* stream);
  int (*ncclAllGather)(const void* from, void* to, std::size_t count, int type, void* communicator, void* stream);
  int (*ncclReduceScatter)(const void* from, void* to, std::size_t count, int type, int operation, void* communicator,
                           void* stream);
  int (*ncclBroadcast)(const void* from, void* to, std::size_t count, int type, int root, void* communicator,
                       void* stream);
  int (*ncclReduce)(const void* from, void* to, std::size_t count, int type, int operation, int root,
                    void* communicator, void* stream);
  int (*ncclSend)(const void* from, std::size_t count, int type, int peer, void* communicator, void* stream);
  int (*ncclRecv)(void* to, std::size_t count, int type, int peer, void* communicator, void* stream);
  int (*ncclGetUniqueId)(NcclUniqueId* id);
  int (*ncclCommInitRank)(void** communicator, int ranks, NcclUniqueId id, int rank);
  int (*ncclCommAbort)(void* communicator);
};

enum NcclConstant : int {
  kNcclSum = 0,
  kNcclUnhandledCudaError = 1,
  kNcclInt8 = 0,
  kNcclUint8 = 1,
  kNcclInt32 = 2,
  kNcclUint32 = 3,
  kNcclInt64 = 4,
  kNcclUint64 = 5,
  kNcclFloat16 = 6,
  kNcclFloat32 = 7,
  kNcclFloat64 = 8,
  kNcclBfloat16 = 9,
  kNcclFloat8e4m3 = 10,  // these two from 2.24 on
  kNcclFloat8e5m2 = 11,
};

/// ncclDataType_t of an element.
int nccl_type(numbers::Type type);

class Nccl {
 public:
  explicit Nccl(ImageLibraries& libraries);
  const NcclApi& api() const { return api_; }
  void check(int status, const std::string& call) const;
  /// "2.21.5".
  std::string version() const;
  /// 22105; 0 when NCCL does not tell.
  int version_number() const;
  /// Whether this NCCL moves, or sums, `type` on a GPU of `capability` (90 for 9.0).
  bool has(numbers::Type type, bool summed, int capability) const;
  void report(ImageLibraries& libraries) const { libraries.report(library_, "ncclGetVersion", version()); }

 private:
  SharedLibrary library_;
  NcclApi api_{};
};

/// One rank's part of a collective, as NCCL is called.
struct Transfer {
  Collective collective;
  const void* from;
  void* to;
  std::size_t count;
  numbers::Type type;
  int root;
};
/// Enqueues it on the current device's default stream; between ncclGroupStart and ncclGroupEnd where a process has
/// several ranks.
void enqueue(const Nccl& nccl, const Transfer& transfer, void* communicator, int rank, int ranks);

/// One rank on each of the devices, all in this process.
class Communicators {
 public:
  Communicators(const Nccl& nccl, const std::vector<int>& devices);
  Communicators(const Communicators&) = delete;
  Communicators& operator=(const Communicators&) = delete;
  ~Communicators();
  void* rank(std::size_t i) const { return ranks_[i]; }
  int ranks() const { return static_cast<int>(ranks_.size()); }
  /// Hands the communicators over to one who aborts them: nothing is destroyed here any more.
  std::vector<void*> release() { return std::exchange(ranks_, {}); }

 private:
  const Nccl* nccl_;
  std::vector<void*> ranks_;
};

}  // namespace envforge::validator::gpu
