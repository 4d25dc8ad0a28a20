#include "poetry_dependencies.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>
#include <envforge/versions/version_range.hpp>

namespace envforge::documents {
namespace {

using support::starts_with;

// "2.1.0" as numbers; nothing for anything else.
std::vector<unsigned long> numbers_of(const std::string& version) {
  constexpr std::size_t kDigits = 9;
  std::vector<unsigned long> numbers;
  for (const std::string& part : support::split(version, '.')) {
    const bool number =
        !part.empty() && part.size() <= kDigits && part.find_first_not_of("0123456789") == std::string::npos;
    if (!number) return {};
    numbers.push_back(std::stoul(part));
  }
  return numbers;
}

// The version in which the number at `place` is one higher, and nothing behind it.
std::string above(const std::vector<unsigned long>& numbers, std::size_t place) {
  std::string text;
  for (std::size_t i = 0; i < place; ++i) text += std::to_string(numbers[i]) + ".";
  return text + std::to_string(numbers[place] + 1);
}

std::optional<std::string> one_specifier(const std::string& constraint) {
  if (constraint == "*") return "";
  const bool caret = starts_with(constraint, "^");
  if (caret || (starts_with(constraint, "~") && !starts_with(constraint, "~="))) {
    const std::string version = support::trim(constraint.substr(1));
    const auto numbers = numbers_of(version);
    if (numbers.empty()) return std::nullopt;
    const auto first = std::find_if(numbers.begin(), numbers.end(), [](unsigned long number) { return number != 0; });
    const auto nonzero = static_cast<std::size_t>(first - numbers.begin());
    const std::size_t place = std::min(caret ? nonzero : 1, numbers.size() - 1);
    return ">=" + version + ",<" + above(numbers, place);
  }
  const bool bare = constraint.find_first_of("<>=!~") == std::string::npos;
  const std::string specifier = bare ? "==" + constraint : constraint;
  if (!versions::VersionRange::parse(specifier)) return std::nullopt;
  return specifier;
}

PoetryDependency read_entry(const std::string& name, const toml::Value& entry) {
  PoetryDependency out{name, "", "", "", entry.where};
  if (!entry.items.empty()) {
    out.why_not = "it has several ranges, by markers: add the one that is meant";
    return out;
  }
  if (entry.text_of("optional") == "true") {
    out.why_not = "optional: add what you need of it under packages.pip";
    return out;
  }
  const bool table = !entry.members.empty();
  const toml::Value* version = entry.find("version");
  const std::string constraint = !table ? entry.text : version != nullptr ? version->text : "*";
  const auto specifier = poetry_specifier(constraint);
  if (!specifier) {
    out.why_not = "'" + support::printable(constraint) + "' is no range that is understood here";
    return out;
  }
  std::string extras;
  if (const toml::Value* list = entry.find("extras")) {
    for (const toml::Value* extra : list->strings()) extras += (extras.empty() ? "" : ",") + extra->text;
  }
  out.specifier = *specifier;
  out.requirement = name + (extras.empty() ? "" : "[" + extras + "]") + *specifier;
  if (const std::string marker = entry.text_of("markers"); !marker.empty()) out.requirement += "; " + marker;
  return out;
}

}  // namespace

std::optional<std::string> poetry_specifier(std::string_view constraint) {
  std::string out;
  for (const std::string& part : support::split(std::string(constraint), ',')) {
    const auto one = one_specifier(support::trim(part));
    if (!one) return std::nullopt;
    if (!one->empty()) out += (out.empty() ? "" : ",") + *one;
  }
  return out;
}

std::vector<PoetryDependency> poetry_dependencies(const toml::Value& document) {
  std::vector<PoetryDependency> out;
  const toml::Value* table = document.at("tool.poetry.dependencies");
  if (table == nullptr) return out;
  for (const auto& [name, entry] : table->members) out.push_back(read_entry(name, entry));
  return out;
}

}  // namespace envforge::documents
