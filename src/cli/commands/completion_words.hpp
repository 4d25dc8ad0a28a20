// What may stand at a place of the command line: words of the compatibility data, of the files here and of the engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace envforge::cli {

using Words = std::vector<std::string>;

/// A place of the command line where a value is typed.
struct ValuePlace {
  std::string command;  // explain
  std::string option;   // --why-not
  std::string typed;    // cuda=12: what stands there so far
  Words line;           // all words behind the program's name
};

/// The whole values that the option takes there; nullopt: a file, or what nobody can list.
std::optional<Words> values_at(const ValuePlace& place, Session& session);

/// What a command takes that has no option's name before it: recipes, locks, images.
Words arguments_of(const std::string& command, Session& session);

}  // namespace envforge::cli
