// What of the stub's streams its other calls need.
#pragma once

#include <functional>

namespace stub {

using Work = std::function<void()>;

/// Of stream 0 at once; else when somebody waits for the stream, or into the graph that it captures.
void enqueue(void* stream, const Work& work);
/// Everything that waits in any stream.
void run_all();

}  // namespace stub
