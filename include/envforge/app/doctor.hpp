// What this machine lacks for each command, each with its fix; and every site setting with where it came from.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/app/world.hpp>

namespace envforge::app {

struct Finding {
  enum class State { kGood, kMissing, kNote } state = State::kGood;
  std::string what;                    // "uv"
  std::string found;                   // "uv 0.13.8 at /usr/bin/uv"
  std::vector<std::string> needed_by;  // commands
  std::string fix;
};

/// Never throws for what is missing: that is the answer.
std::vector<Finding> examine(World& world);
std::string doctor_text(const std::vector<Finding>& findings);
nlohmann::json to_json(const std::vector<Finding>& findings);

}  // namespace envforge::app
