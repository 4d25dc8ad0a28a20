// The functions of NCCL that the groups call, and one communicator over several GPUs of this process. The only place
// that declares them; tests/abi compares it with the headers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gpu/device.hpp"
#include "gpu/image_libraries.hpp"
#include "gpu/shared_library.hpp"
#include "numbers/element.hpp"

namespace envforge::validator::gpu {

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
};

enum NcclConstant : int { kNcclSum = 0, kNcclFloat32 = 7, kNcclUnhandledCudaError = 1 };

class Nccl {
 public:
  explicit Nccl(ImageLibraries& libraries);
  const NcclApi& api() const { return api_; }
  void check(int status, const std::string& call) const;
  /// "2.21.5".
  std::string version() const;
  void report(ImageLibraries& libraries) const { libraries.report(library_, "ncclGetVersion", version()); }

 private:
  SharedLibrary library_;
  NcclApi api_{};
};

/// One rank on each of the devices.
class Communicators {
 public:
  Communicators(const Nccl& nccl, int ranks);
  Communicators(const Communicators&) = delete;
  Communicators& operator=(const Communicators&) = delete;
  ~Communicators();
  /// Sums fp32 over all ranks; `to` may be `from`. Returns when it is enqueued.
  void all_reduce(const std::vector<std::unique_ptr<Device>>& devices, const std::vector<Buffer>& from,
                  const std::vector<Buffer>& to, std::size_t count) const;

 private:
  const Nccl* nccl_;
  std::vector<void*> ranks_;
};

}  // namespace envforge::validator::gpu
