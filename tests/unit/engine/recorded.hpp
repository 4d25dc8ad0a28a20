// What real docker clients and engines printed, recorded by tests/engine/record-golden.sh.
#pragma once

#include <string>

#include <envforge/support/files.hpp>

namespace envforge::engine {

inline std::string recorded_path(const std::string& version, const std::string& file) {
  return ENVFORGE_SOURCE_DIR "/tests/golden/engine/docker-" + version + "/" + file;
}
inline std::string recorded(const std::string& version, const std::string& file) {
  return support::read_file(recorded_path(version, file));
}

}  // namespace envforge::engine
