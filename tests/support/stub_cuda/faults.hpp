// What the stub libraries are told to do wrong: ENVFORGE_STUB_FAULT names one fault.
#pragma once

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace stub {

inline bool fault(const char* name) {
  const char* wanted = std::getenv("ENVFORGE_STUB_FAULT");
  return wanted != nullptr && std::string(wanted) == name;
}

/// "hang-<call>" and "crash-<call>" work in every library.
inline void maybe_hang_or_crash(const std::string& call) {
  if (fault(("hang-" + call).c_str())) {
    for (;;) pause();
  }
  if (fault(("crash-" + call).c_str())) raise(SIGSEGV);
}

}  // namespace stub
