// What the stub libraries are told to do wrong: ENVFORGE_STUB_FAULT names faults, with commas between them. FAULT@UUID
// is one of the process alone to which CUDA_VISIBLE_DEVICES gives that GPU.
#pragma once

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace stub {

inline bool fault(const char* name) {
  const char* wanted = std::getenv("ENVFORGE_STUB_FAULT");
  if (wanted == nullptr) return false;
  const char* gpu = std::getenv("CUDA_VISIBLE_DEVICES");
  const std::string list = "," + std::string(wanted) + ",";
  return list.find("," + std::string(name) + ",") != std::string::npos ||
         (gpu != nullptr && list.find("," + std::string(name) + "@" + gpu + ",") != std::string::npos);
}

/// "hang-<call>" and "crash-<call>" work in every library.
inline void maybe_hang_or_crash(const std::string& call) {
  if (fault(("hang-" + call).c_str())) {
    for (;;) pause();
  }
  if (fault(("crash-" + call).c_str())) raise(SIGSEGV);
}

}  // namespace stub
