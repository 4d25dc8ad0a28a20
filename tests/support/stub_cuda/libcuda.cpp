// A libcuda.so.1 for tests: memory is malloc, a module is the validator's own kernels compiled for this processor, a
// launch runs its threads one after the other; streams are in cuda_streams.cpp. ENVFORGE_STUB_GPUS (default 1) GPUs of
// the kind H200, each with a few megabytes.
#include <dlfcn.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "cuda_streams.hpp"
#include "faults.hpp"
#include "numbers/element.hpp"
#include "numbers/operation.hpp"

// What a CUDA compiler brings along. __global__ is defined away on the command line.
namespace {
struct Dimensions {
  unsigned int x;
};
Dimensions blockIdx, threadIdx, blockDim, gridDim;
using Word = unsigned long long;
Word atomicAdd(Word* at, Word value) {
  return std::exchange(*at, *at + value);
}
Word atomicMin(Word* at, Word value) {
  return std::exchange(*at, value < *at ? value : *at);
}
Word atomicMax(Word* at, Word value) {
  return std::exchange(*at, value > *at ? value : *at);
}
void sincospi(double x, double* sine, double* cosine) {
  constexpr double kPi = 3.14159265358979323846;
  const double quarters = std::fmod(2 * x, 4);
  const bool straight = quarters == std::floor(quarters);
  const int quarter = static_cast<int>(quarters);
  *sine = straight ? (quarter == 1) - (quarter == 3) : std::sin(kPi * x);
  *cosine = straight ? (quarter == 0) - (quarter == 2) : std::cos(kPi * x);
}
// Two multiprocessors. So slow a clock that this processor keeps up with the model of the GPU, unless the fault is
// that.
unsigned int multiprocessor() {
  return blockIdx.x % 2;
}
Word nanoseconds() {
  return static_cast<Word>(std::chrono::steady_clock::now().time_since_epoch().count());
}
Word cycles() {
  if (stub::fault("counters")) return 0;
  const bool told = stub::fault("slow") || stub::fault("mig-slice");
  return told ? 2 * nanoseconds() : nanoseconds() / 1'000'000;
}
long long __double_as_longlong(double value) {
  long long bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
}  // namespace
using std::fabs;
#include "gpu/kernels.cu"
#include "gpu/operations.cu"

namespace {

constexpr std::size_t kFree = 8U << 20;

int all_gpus() {
  const char* wanted = std::getenv("ENVFORGE_STUB_GPUS");
  return wanted == nullptr ? 1 : std::atoi(wanted);
}

// As the driver does: CUDA_VISIBLE_DEVICES renumbers. GPU i has the UUID 000...0i.
int visible(int ordinal) {
  const char* list = std::getenv("CUDA_VISIBLE_DEVICES");
  if (list == nullptr) return ordinal < all_gpus() ? ordinal : -1;
  const std::string text = list;
  return ordinal == 0 && !text.empty() ? text.back() - '0' : -1;
}

using stub::Work;

// A kernel with copies of its arguments: to be run later, once for each thread.
template <auto Kernel, class... A, std::size_t... I>
Work bound(void (*)(A...), void** arguments, std::index_sequence<I...>) {
  return [values = std::make_tuple(*static_cast<std::remove_reference_t<A>*>(arguments[I])...)] {
    std::apply(Kernel, values);
  };
}
template <auto Kernel, class... A>
Work bound(void (*kernel)(A...), void** arguments) {
  return bound<Kernel>(kernel, arguments, std::index_sequence_for<A...>{});
}
using Bind = Work (*)(void**);
template <auto Kernel>
Work entry(void** arguments) {
  return bound<Kernel>(Kernel, arguments);
}

// What the stub of NVRTC "compiled": the constants of cuda.nvrtc's kernel.
unsigned int salt_factor = 0, salt_term = 0;
void salted(unsigned int* words, unsigned long long count) {
  const unsigned long long i = first_index();
  if (i < count) words[i] = salt_factor * words[i] + salt_term;
}

struct Row {
  const char* name;
  Bind bind;
};
const Row kKernels[] = {{"fill", entry<&fill>},
                        {"read_counters", entry<&read_counters>},
                        {"compare_fill", entry<&compare_fill>},
                        {"reference_lines", entry<&reference_lines>},
                        {"reference_convolution", entry<&reference_convolution>},
                        {"reference_operation", entry<&reference_operation>},
                        {"compare_lines", entry<&compare_lines>},
                        {"compare_collective", entry<&compare_collective>},
                        {"signs", entry<&signs>},
                        {"times_generated", entry<&times_generated>},
                        {"times_stored", entry<&times_stored>},
                        {"compare_vectors", entry<&compare_vectors>},
                        {"change_words", entry<&change_words>},
                        {"compare_words", entry<&compare_words>},
                        {"linger", entry<&linger>},
                        {"reference_transform", entry<&reference_transform>},
                        {"compare_scaled", entry<&compare_scaled>},
                        {"energy", entry<&energy>},
                        {"salted", entry<&salted>}};

void copy(void* to, const void* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
  if (stub::fault("copy")) static_cast<unsigned char*>(to)[bytes / 3] ^= 4;
}

// So much longer than the model gives these copies, which is 4 ms.
void over_the_way() {
  if (stub::fault("slow-way")) usleep(50000);
}

}  // namespace

extern "C" {

int cuInit(unsigned int) {
  stub::maybe_hang_or_crash("cuInit");
  if (stub::fault("no-device")) return 100;
  // Something in the process opens the system's copy of a library by its path.
  if (stub::fault("second-nvrtc"))
    dlopen((std::getenv("LD_LIBRARY_PATH") + std::string("/libnvrtc.so.13")).c_str(), RTLD_NOW);
  return stub::fault("not-ready") ? 802 : 0;
}
int cuDriverGetVersion(int* version) {
  *version = 13000;
  return 0;
}
int cuDeviceGetCount(int* count) {
  if (stub::fault("mig-empty")) return *count = 0;
  for (*count = 0; visible(*count) >= 0 && *count < all_gpus();) ++*count;
  return 0;
}
int cuDeviceGet(int* device, int ordinal) {
  *device = visible(ordinal);
  return *device < 0 ? 101 : 0;
}
int cuDeviceGetName(char* name, int size, int) {
  std::snprintf(name, static_cast<std::size_t>(size), "NVIDIA H200%s", stub::fault("mig-slice") ? " MIG 1g.18gb" : "");
  return 0;
}
int cuDeviceGetUuid_v2(void* uuid, int device) {
  std::memset(uuid, 0, 16);
  static_cast<unsigned char*>(uuid)[15] = static_cast<unsigned char>(device);
  // Not to the group that looks which GPUs there are, which is given them all.
  if (stub::fault("other-device") && std::getenv("CUDA_VISIBLE_DEVICES") != nullptr)
    static_cast<unsigned char*>(uuid)[14] = 1;
  return 0;
}
int cuDeviceTotalMem_v2(std::size_t* bytes, int) {
  *bytes = 2 * kFree;
  return 0;
}
// So slow a memory that this processor keeps up with the model.
int cuDeviceGetAttribute(int* value, int attribute, int) {
  switch (attribute) {
    case 16:
      *value = stub::fault("mig-slice") ? 16 : 132;
      return 0;
    case 36:
      *value = 100;
      return 0;
    case 37:
      *value = 6144;
      return 0;
    case 41:
    case 83:
    case 89:
      *value = 1;
      return 0;
    case 75:
      *value = 9;
      return 0;
    case 76:
      *value = 0;
      return 0;
    default:
      *value = 132;
      return 0;
  }
}
int cuDeviceGetPCIBusId(char* text, int size, int device) {
  std::snprintf(text, static_cast<std::size_t>(size), "0000:0%d:00.0", device);
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
  *context = reinterpret_cast<void*>(static_cast<std::intptr_t>(device) + 1);
  return 0;
}
int cuDevicePrimaryCtxRelease_v2(int) {
  return 0;
}
int cuCtxSetCurrent(void*) {
  return 0;
}
int cuCtxSynchronize() {
  stub::run_all();
  return 0;
}
int cuMemAlloc_v2(Word* address, std::size_t bytes) {
  if (stub::fault("out-of-memory")) return 2;
  *address = reinterpret_cast<Word>(std::malloc(bytes));
  return 0;
}
int cuMemFree_v2(Word address) {
  std::free(reinterpret_cast<void*>(address));
  return 0;
}
int cuMemGetInfo_v2(std::size_t* free_bytes, std::size_t* total) {
  *free_bytes = kFree;
  *total = 2 * kFree;
  return 0;
}
int cuMemcpyHtoD_v2(Word to, const void* from, std::size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return 0;
}
int cuMemcpyDtoH_v2(void* to, Word from, std::size_t bytes) {
  std::memcpy(to, reinterpret_cast<void*>(from), bytes);
  return 0;
}
int cuMemcpyDtoD_v2(Word to, Word from, std::size_t bytes) {
  copy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
  return 0;
}
int cuMemcpyHtoDAsync_v2(Word to, const void* from, std::size_t bytes, void* stream) {
  stub::enqueue(stream, [=] {
    over_the_way();
    copy(reinterpret_cast<void*>(to), from, bytes);
  });
  return 0;
}
int cuMemcpyDtoHAsync_v2(void* to, Word from, std::size_t bytes, void* stream) {
  stub::enqueue(stream, [=] {
    over_the_way();
    copy(to, reinterpret_cast<void*>(from), bytes);
    if (stub::fault("copy-out")) static_cast<unsigned char*>(to)[bytes / 2] ^= 4;
  });
  return 0;
}
int cuMemcpyDtoDAsync_v2(Word to, Word from, std::size_t bytes, void* stream) {
  stub::enqueue(stream, [=] { copy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes); });
  return 0;
}
int cuMemcpyPeerAsync(Word to, void*, Word from, void*, std::size_t bytes, void* stream) {
  stub::enqueue(stream, [=] {
    std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
    if (stub::fault("peer")) reinterpret_cast<unsigned char*>(to)[bytes - 9] ^= 1;
  });
  return 0;
}
int cuDeviceCanAccessPeer(int* can, int, int) {
  *can = stub::fault("no-peer") ? 0 : 1;
  return 0;
}
int cuCtxEnablePeerAccess(void*, unsigned int) {
  return 0;
}
int cuMemsetD8_v2(Word to, unsigned char value, std::size_t bytes) {
  std::memset(reinterpret_cast<void*>(to), value, bytes);
  return 0;
}
int cuMemAllocHost_v2(void** address, std::size_t bytes) {
  *address = std::malloc(bytes);
  return 0;
}
int cuMemAllocManaged(Word* address, std::size_t bytes, unsigned int) {
  *address = reinterpret_cast<Word>(std::malloc(bytes));
  return 0;
}
int cuMemFreeHost(void* address) {
  std::free(address);
  return 0;
}
int cuModuleLoadData(void** module, const void* image) {
  *module = module;
  std::sscanf(static_cast<const char*>(image), "salt %u %u", &salt_factor, &salt_term);
  return stub::fault("no-binary") ? 209 : 0;
}
int cuModuleUnload(void*) {
  return 0;
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  for (const Row& row : kKernels) {
    if (std::strcmp(row.name, name) != 0) continue;
    *function = const_cast<Row*>(&row);
    return 0;
  }
  return 500;
}
int cuLaunchKernel(void* function, unsigned int grid, unsigned int, unsigned int, unsigned int block, unsigned int,
                   unsigned int, unsigned int, void* stream, void** arguments, void**) {
  const Row& row = *static_cast<Row*>(function);
  const Work thread = row.bind(arguments);
  // A stuck bit of the memory: what was written changes before anyone looks.
  unsigned char* stuck = stub::fault("memory") && std::strcmp(row.name, "fill") == 0
                             ? *static_cast<unsigned char**>(arguments[0]) + 4321
                             : nullptr;
  stub::enqueue(stream, [=] {
    gridDim = {grid};
    blockDim = {block};
    for (blockIdx.x = 0; blockIdx.x < grid; ++blockIdx.x) {
      for (threadIdx.x = 0; threadIdx.x < block; ++threadIdx.x) thread();
    }
    if (stuck != nullptr) *stuck ^= 8;
  });
  return 0;
}
int cuGetErrorName(int error, const char** text) {
  *text = error == 0 ? "CUDA_SUCCESS" : error == 802 ? "CUDA_ERROR_SYSTEM_NOT_READY" : "CUDA_ERROR_STUB";
  return 0;
}
int cuGetErrorString(int, const char** text) {
  *text = "an error of the stub";
  return 0;
}

}  // extern "C"
