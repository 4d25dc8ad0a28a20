#include <envforge/compat/base_names.hpp>

#include <algorithm>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

namespace envforge::compat {
namespace {

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

// "alpine" in python:3.12-alpine3.20, not in alpinelab:1.
bool has_word(const std::string& name, std::string_view word) {
  for (auto at = name.find(word); at != std::string::npos; at = name.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_letter(name[at - 1])) && (end == name.size() || !is_letter(name[end]))) return true;
  }
  return false;
}

}  // namespace

std::optional<OtherBase> other_base(const Knowledge& knowledge, const std::string& name) {
  if (knowledge.base(name) != nullptr) return std::nullopt;
  const auto& tables = knowledge.tables();
  std::vector<std::string> known;
  for (const Base& row : tables.bases) known.emplace_back(row.name);
  OtherBase out;
  const std::string list = "; known are " + support::join(known, ", ");
  const auto other = std::find_if(tables.without_glibc.begin(), tables.without_glibc.end(),
                                  [&](const WithoutGlibc& row) { return has_word(support::to_lower(name), row.word); });
  if (other != tables.without_glibc.end()) {
    out.text = std::string(other->fact) + list;
    out.source = cite(other->evidence);
    out.unknown = false;
    return out;
  }
  out.text = "the base '" + support::printable(name) + "' is not known to the data of " + knowledge.as_of() + list;
  out.hint = support::did_you_mean(name, known);
  return out;
}

}  // namespace envforge::compat
