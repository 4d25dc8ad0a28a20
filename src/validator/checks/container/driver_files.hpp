// The libraries of the driver within reach of this process, for the checks of this group that ask for them.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "container/search_path.hpp"

namespace envforge::validator {

inline std::string mountinfo() {
  return loader::Root().read("/proc/self/mountinfo").value_or("");
}

inline std::vector<container::DriverFile> driver_files() {
  const char* path = std::getenv("LD_LIBRARY_PATH");
  return container::find_driver_files(loader::Root(), {{"LD_LIBRARY_PATH", path == nullptr ? "" : path}}, mountinfo());
}

/// Why libcuda.so.1 does not load, by the loader's message.
inline std::optional<container::LoadTrouble> why_not_loaded(const std::string& message) {
  return container::judge_not_loaded(message, driver_files(), mountinfo());
}

}  // namespace envforge::validator
