// What is to be said of a base that the data has no row of. Used by resolve and app.
#pragma once

#include <optional>
#include <string>

#include <envforge/compat/knowledge.hpp>

namespace envforge::compat {

struct OtherBase {
  std::string text;  // why it cannot be taken, and which bases are known
  std::string hint;  // "did you mean 'debian:12'?"; "" = nothing is near
  std::string source;
  bool unknown = true;  // false: it is known that it does not serve
};
/// nullopt where the data has the base.
std::optional<OtherBase> other_base(const Knowledge& knowledge, const std::string& name);

}  // namespace envforge::compat
