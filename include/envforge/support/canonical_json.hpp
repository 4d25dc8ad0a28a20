// One byte form for one value: keys sorted, no space to choose. Hashes and signatures are taken over it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace envforge::support {

/// Compact, keys sorted, UTF-8, no trailing newline: the bytes that are hashed.
std::string canonical_json(const nlohmann::json& value);
/// Two-space indented, keys sorted, ends with a newline: the bytes that are written for people. Same order, same
/// values.
std::string readable_json(const nlohmann::json& value);

}  // namespace envforge::support
