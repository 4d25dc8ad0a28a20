// An NCCL for tests: sums fp32 over the ranks of one process. Faults: reduce-rank the last rank gets its own input
// only, reduce-element one element is off by one.
#include <cstddef>
#include <cstring>
#include <vector>

#include "faults.hpp"

namespace {

struct Work {
  const float* from;
  float* to;
  std::size_t count;
};
std::vector<Work> group;  // NCCL's calls between start and end

}  // namespace

extern "C" {

int ncclGetVersion(int* version) {
  *version = 22809;
  return 0;
}
const char* ncclGetErrorString(int) {
  return "unhandled system error";
}
const char* ncclGetLastError(void*) {
  return "stub: no shared memory";
}
int ncclCommInitAll(void** communicators, int count, const int*) {
  stub::maybe_hang_or_crash("ncclCommInitAll");
  for (int i = 0; i < count; ++i) communicators[i] = new int(i);
  return stub::fault("nccl-init") ? 2 : 0;
}
int ncclCommDestroy(void* communicator) {
  delete static_cast<int*>(communicator);
  return 0;
}
int ncclGroupStart() {
  group.clear();
  return 0;
}
int ncclAllReduce(const void* from, void* to, std::size_t count, int, int, void*, void*) {
  group.push_back({static_cast<const float*>(from), static_cast<float*>(to), count});
  return 0;
}
int ncclGroupEnd() {
  if (group.empty()) return 0;
  std::vector<float> sum(group.front().count);
  for (const Work& rank : group) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += rank.from[i];
  }
  if (stub::fault("reduce-element")) sum[1234] += 1;
  for (const Work& rank : group) std::memcpy(rank.to, sum.data(), sum.size() * sizeof(float));
  if (stub::fault("reduce-rank")) std::memcpy(group.back().to, group.back().from, sum.size() * sizeof(float));
  return 0;
}

}  // extern "C"
