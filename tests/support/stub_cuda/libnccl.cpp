// An NCCL for tests: collectives of any type over the ranks of one process, and all-reduces in fp32 between processes,
// through a file in shared memory. It writes to NCCL_DEBUG_FILE as 2.28 does. Faults: reduce-rank the last rank gets
// its own input only; wrong-<Collective> the last output is off by one; wrong-rank1 that of one process;
// shm-transport it tells of host memory; no-log it tells nothing; ignores-missing a collective without its last rank
// ends; abort-hangs; init-crash in ncclCommInitRank; dead-peers a bus
// error there between peers, no-shared-memory always.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "faults.hpp"
#include "values.hpp"

namespace {

using stub::Type;
namespace numbers = envforge::validator::numbers;

constexpr std::size_t kSlot = 4U << 20;
struct Shared {
  std::atomic<int> arrived;
  std::atomic<int> round;
  alignas(64) unsigned char data[4][kSlot];
};

struct World {
  int ranks;
  Shared* shared;  // of processes
};
struct Communicator {
  World* world;
  int rank;
};

struct Work {
  std::string name;
  const void* from;
  void* to;
  std::size_t count;
  Type type;
  int root;  // or the peer
  Communicator* communicator;
};
std::vector<Work> works;  // NCCL's calls between start and end
int depth = 0;

Type type_of(int nccl) {
  static const Type kTypes[] = {Type::kI8,   Type::kU8,   Type::kI32,  Type::kU32,  Type::kI64,  Type::kU64,
                                Type::kFp16, Type::kFp32, Type::kFp64, Type::kBf16, Type::kE4m3, Type::kE5m2};
  return kTypes[nccl];
}

void log(const std::string& text) {
  static std::FILE* file = [] {
    const char* path = std::getenv("NCCL_DEBUG_FILE");
    return path == nullptr || stub::fault("no-log") ? nullptr : std::fopen(path, "w");
  }();
  if (file == nullptr) return;
  std::fprintf(file, "stub:1:1 [0] NCCL INFO %s\n", text.c_str());
  std::fflush(file);
}

bool reaches_peers() {
  return std::getenv("NCCL_P2P_DISABLE") == nullptr;
}
void connect(int ranks) {
  const char* how = !reaches_peers() || stub::fault("shm-transport") ? "SHM/direct/direct" : "P2P/direct pointer";
  for (int i = 0; ranks > 1 && i < ranks; ++i) {
    log("Channel 00/0 : " + std::to_string(i) + "[" + std::to_string(i) + "] -> 0[0] via " + how);
  }
}

double at(const void* memory, std::size_t index, Type type) {
  return numbers::decode(numbers::load(memory, index, type), type);
}
void put(void* memory, std::size_t index, Type type, double value) {
  if (numbers::is_integer(type)) {
    return numbers::store(memory, index, type, static_cast<numbers::U64>(static_cast<long long>(value)));
  }
  stub::write(memory, index, value, type);
}

std::vector<double> all_of(const void* memory, std::size_t count, Type type) {
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = at(memory, i, type);
  return out;
}

// One collective that every rank joined.
void execute(const std::vector<Work>& ranks) {
  const Work& first = ranks.front();
  const std::size_t n = ranks.size(), count = first.count;
  const std::string& name = first.name;
  log(name + ": " + std::to_string(count * 4) + " Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..23}");
  const bool scatter = name == "ReduceScatter", sum = scatter || name == "AllReduce" || name == "Reduce";
  std::vector<std::vector<double>> in;
  for (const Work& rank : ranks) in.push_back(all_of(rank.from, count * (scatter ? n : 1), rank.type));
  std::vector<double> total(in[0].size());
  for (const auto& one : in) {
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += one[i];
  }
  for (std::size_t r = 0; r < n; ++r) {
    const Work& rank = ranks[r];
    if (name == "Reduce" && static_cast<int>(r) != rank.root) continue;
    std::vector<double> out;
    if (scatter) {
      out.assign(total.begin() + static_cast<std::ptrdiff_t>(r * count),
                 total.begin() + static_cast<std::ptrdiff_t>((r + 1) * count));
    } else if (sum) {
      out = stub::fault("reduce-rank") && r + 1 == n ? in[r] : total;
    } else if (name == "Broadcast") {
      out = in[static_cast<std::size_t>(rank.root)];
    } else {
      for (const auto& one : in) out.insert(out.end(), one.begin(), one.end());
    }
    if (stub::fault(("wrong-" + name).c_str()) || (stub::fault("wrong-peers") && reaches_peers())) out.back() += 1;
    for (std::size_t i = 0; i < out.size(); ++i) put(rank.to, i, rank.type, out[i]);
  }
}

// Between processes: each brings its input, waits for all, adds up, waits again.
void wait_for_all(const World& world) {
  const int round = world.shared->round;
  if (++world.shared->arrived == world.ranks) {
    world.shared->arrived = 0;
    ++world.shared->round;
    return;
  }
  while (world.shared->round == round) usleep(50);
}
void execute_between_processes(const Work& work) {
  const World& world = *work.communicator->world;
  if (work.communicator->rank == 0) {
    log(work.name + ": " + std::to_string(work.count * 4) + " Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..23}");
  }
  std::memcpy(world.shared->data[work.communicator->rank], work.from, work.count * 4);
  wait_for_all(world);
  auto* out = static_cast<float*>(work.to);
  for (std::size_t i = 0; i < work.count; ++i) {
    float sum = 0;
    for (int rank = 0; rank < world.ranks; ++rank) sum += reinterpret_cast<float*>(world.shared->data[rank])[i];
    out[i] = sum;
  }
  const bool own = stub::fault("wrong-rank1") && work.communicator->rank == 1;
  if (own || stub::fault("wrong-AllReduce") || (stub::fault("wrong-peers") && reaches_peers()))
    out[work.count - 1] += 1;
  wait_for_all(world);
}

void exchange() {
  for (const Work& receive : works) {
    if (receive.name != "Recv") continue;
    // The sends of a peer to this rank in their order: there is at most one here.
    for (const Work& send : works) {
      if (send.name != "Send" || send.communicator->world != receive.communicator->world ||
          send.communicator->rank != receive.root || send.root != receive.communicator->rank)
        continue;
      std::memcpy(receive.to, send.from, send.count * static_cast<std::size_t>(numbers::bytes_of(send.type)));
      if (stub::fault("wrong-Send")) put(receive.to, send.count - 1, send.type, at(send.from, 0, send.type) + 1);
    }
  }
}

int finish() {
  if (depth > 0) return 0;
  exchange();
  std::vector<Work> left;
  for (const Work& work : works) {
    if (work.name != "Send" && work.name != "Recv") left.push_back(work);
  }
  works.clear();
  while (!left.empty()) {
    World* const world = left.front().communicator->world;
    std::vector<Work> one, others;
    for (const Work& work : left) (work.communicator->world == world ? one : others).push_back(work);
    left = others;
    if (world->shared != nullptr) {
      execute_between_processes(one.front());
    } else if (static_cast<int>(one.size()) == world->ranks) {
      execute(one);
    } else if (!stub::fault("ignores-missing")) {
      setenv("ENVFORGE_STUB_PENDING", "1", 1);
    }
  }
  return 0;
}

int add(const char* name, const void* from, void* to, std::size_t count, int type, int root, void* communicator) {
  works.push_back({name, from, to, count, type_of(type), root, static_cast<Communicator*>(communicator)});
  return finish();
}

}  // namespace

extern "C" {

struct UniqueId {
  char bytes[128];
};

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
  auto* world = new World{count, nullptr};
  for (int i = 0; i < count; ++i) communicators[i] = new Communicator{world, i};
  connect(count);
  return stub::fault("nccl-init") ? 2 : 0;
}
int ncclGetUniqueId(UniqueId* id) {
  std::memset(id, 0xe7, sizeof *id);
  std::snprintf(id->bytes, sizeof id->bytes, "/dev/shm/envforge-stub-%d", static_cast<int>(getpid()));
  return 0;
}
int ncclCommInitRank(void** communicator, int ranks, UniqueId id, int rank) {
  stub::maybe_hang_or_crash("ncclCommInitRank");
  if (stub::fault("dead-peers") && reaches_peers()) raise(SIGBUS);
  if (stub::fault("no-shared-memory")) raise(SIGBUS);
  while (stub::fault("stuck-peers") && reaches_peers()) pause();
  const int fd = open(id.bytes, O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(Shared)) != 0) return 2;
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  auto* world = new World{ranks, static_cast<Shared*>(memory)};
  *communicator = new Communicator{world, rank};
  connect(ranks);
  wait_for_all(*world);
  unlink(id.bytes);
  return 0;
}
int ncclCommDestroy(void* communicator) {
  delete static_cast<Communicator*>(communicator);
  return 0;
}
int ncclCommAbort(void* communicator) {
  stub::maybe_hang_or_crash("ncclCommAbort");
  unsetenv("ENVFORGE_STUB_PENDING");
  return ncclCommDestroy(communicator);
}
int ncclGroupStart() {
  ++depth;
  return 0;
}
int ncclGroupEnd() {
  --depth;
  return finish();
}
int ncclAllReduce(const void* from, void* to, std::size_t count, int type, int, void* communicator, void*) {
  return add("AllReduce", from, to, count, type, 0, communicator);
}
int ncclAllGather(const void* from, void* to, std::size_t count, int type, void* communicator, void*) {
  return add("AllGather", from, to, count, type, 0, communicator);
}
int ncclReduceScatter(const void* from, void* to, std::size_t count, int type, int, void* communicator, void*) {
  return add("ReduceScatter", from, to, count, type, 0, communicator);
}
int ncclBroadcast(const void* from, void* to, std::size_t count, int type, int root, void* communicator, void*) {
  return add("Broadcast", from, to, count, type, root, communicator);
}
int ncclReduce(const void* from, void* to, std::size_t count, int type, int, int root, void* communicator, void*) {
  return add("Reduce", from, to, count, type, root, communicator);
}
int ncclSend(const void* from, std::size_t count, int type, int peer, void* communicator, void*) {
  return add("Send", from, nullptr, count, type, peer, communicator);
}
int ncclRecv(void* to, std::size_t count, int type, int peer, void* communicator, void*) {
  return add("Recv", nullptr, to, count, type, peer, communicator);
}

}  // extern "C"
