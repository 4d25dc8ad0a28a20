// Streams, graphs and events of the stub's libcuda.
#include "cuda_streams.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

#include "faults.hpp"

namespace {

using stub::Work;
using Works = std::vector<Work>;

// Streams as lazy as they may be: nothing runs before somebody waits for it. So an order that nobody asked for does
// not come by itself.
struct Queue {
  Works waiting;
  Works* captured = nullptr;
};
struct Event {
  std::chrono::steady_clock::time_point when;
  Queue* pending = nullptr;
  bool behind = false;  // of the default stream, which a GPU works off later than it was asked
};
std::vector<Queue*> streams;

void run(Queue& stream) {
  const auto works = std::exchange(stream.waiting, {});
  for (const Work& work : works) work();
}

}  // namespace

namespace stub {

void enqueue(void* handle, const Work& work) {
  auto* stream = static_cast<Queue*>(handle);
  if (stream == nullptr) return work();
  if (stream->captured != nullptr && !fault("graph-eager")) {
    stream->captured->push_back(work);
  } else {
    stream->waiting.push_back(work);
  }
}

void run_all() {
  for (Queue* stream : streams) run(*stream);
}

}  // namespace stub

extern "C" {

int cuStreamCreate(void** stream, unsigned int) {
  streams.push_back(new Queue);
  *stream = streams.back();
  return 0;
}
int cuStreamDestroy_v2(void* stream) {
  auto* gone = static_cast<Queue*>(stream);
  run(*gone);
  streams.erase(std::find(streams.begin(), streams.end(), gone));
  delete gone;
  return 0;
}
int cuStreamSynchronize(void* stream) {
  run(*static_cast<Queue*>(stream));
  return 0;
}
int cuStreamWaitEvent(void* stream, void* event, unsigned int) {
  if (stub::fault("stream-order")) return 0;
  stub::enqueue(stream, [event] {
    Queue* pending = static_cast<Event*>(event)->pending;
    if (pending != nullptr) run(*pending);
  });
  return 0;
}
int cuStreamBeginCapture_v2(void* stream, int) {
  static_cast<Queue*>(stream)->captured = new Works;
  return 0;
}
int cuStreamEndCapture(void* stream, void** graph) {
  *graph = std::exchange(static_cast<Queue*>(stream)->captured, nullptr);
  return 0;
}
int cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  *executable = new Works(*static_cast<Works*>(graph));
  return 0;
}
int cuGraphLaunch(void* executable, void* stream) {
  const auto& works = *static_cast<Works*>(executable);
  const std::size_t left_out = stub::fault("graph-drop") ? 1 : 0;
  for (std::size_t i = 0; i + left_out < works.size(); ++i) stub::enqueue(stream, works[i]);
  return 0;
}
int cuGraphExecDestroy(void* executable) {
  delete static_cast<Works*>(executable);
  return 0;
}
int cuGraphDestroy(void* graph) {
  delete static_cast<Works*>(graph);
  return 0;
}
int cuEventCreate(void** event, unsigned int) {
  *event = new Event;
  return 0;
}
int cuEventRecord(void* handle, void* stream) {
  auto* event = static_cast<Event*>(handle);
  event->pending = static_cast<Queue*>(stream);
  event->behind = stream == nullptr && !stub::fault("gpu-ahead");
  stub::enqueue(stream, [event] {
    event->when = std::chrono::steady_clock::now();
    event->pending = nullptr;
  });
  return 0;
}
int cuEventSynchronize(void* handle) {
  auto* event = static_cast<Event*>(handle);
  if (event->pending != nullptr) run(*event->pending);
  event->behind = false;
  return 0;
}
// The stub of NCCL says through the environment that a rank is missing.
int cuEventQuery(void* handle) {
  const bool behind = std::exchange(static_cast<Event*>(handle)->behind, false);
  return behind || std::getenv("ENVFORGE_STUB_PENDING") != nullptr ? 600 : 0;
}
int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  *milliseconds =
      std::chrono::duration<float, std::milli>(static_cast<Event*>(end)->when - static_cast<Event*>(start)->when)
          .count();
  return 0;
}
int cuEventDestroy_v2(void* event) {
  delete static_cast<Event*>(event);
  return 0;
}

}  // extern "C"
