// One engine under test, with what a test needs to know of it beside the interface. Real: docker_setup.hpp.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <string>
#include <vector>

#include <envforge/engine/engine.hpp>

namespace envforge::contract {

/// What a test tells of itself in names: its own and its process, for tests of one engine run side by side.
inline std::string own_name(const std::string& tag) {
  std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  for (char& c : test) c = c == '/' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return "envforge-contract/" + test + "-" + std::to_string(::getpid()) + ":" + tag;
}

/// One engine to judge, with what a test needs to know of it beside the interface.
class EngineSetup {
 public:
  virtual ~EngineSetup() = default;
  /// "" when it can be used, else why not.
  virtual std::string unavailable() = 0;
  virtual engine::ContainerEngine& engine() = 0;
  /// "127.0.0.1:PORT" of a registry that this engine can push to; "" if there is none.
  virtual std::string registry() = 0;
  /// Makes a container and a volume as a process with this owner label would have left them; returns their names.
  /// clean_up() removes them.
  virtual std::vector<std::string> leave_behind(const std::string& owner, const std::string& image) = 0;
  virtual void clean_up() {}
  /// The names of the containers and volumes that exist of those left behind, and of this process's own.
  virtual std::vector<std::string> owned() = 0;
};

}  // namespace envforge::contract
