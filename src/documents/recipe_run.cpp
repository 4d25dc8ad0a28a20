#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "recipe_parts.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

std::vector<std::string> plain(const std::vector<Located<std::string>>& located) {
  std::vector<std::string> out;
  for (const auto& value : located) out.push_back(value.value);
  return out;
}

}  // namespace

std::uint64_t read_bytes(const YamlNode& node, const std::string& what) {
  std::uint64_t bytes = 0;
  accept(parse_size(text_of(node, what), bytes), node.where);
  return bytes;
}

const std::vector<std::string>& tag_fields() {
  static const std::vector<std::string> fields{"torch", "cuda", "base", "python"};
  return fields;
}

std::string expand_tag(const Located<std::string>& tag, const std::map<std::string, std::string>& values) {
  const auto refuse = [&](const std::string& why, const std::string& hint) -> Error {
    return {ErrorCode::kWrongValue, "tag '" + support::printable(tag.value) + "': " + why, tag.where, hint};
  };
  std::string out;
  const std::string& text = tag.value;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{') {
      out += text[at];
      continue;
    }
    const auto end = text.find('}', at);
    if (end == std::string::npos) throw refuse("a '{' is not closed", "such as {torch}");
    const std::string field = text.substr(at + 1, end - at - 1);
    const auto value = values.find(field);
    if (value == values.end()) {
      const std::string near = support::did_you_mean(field, tag_fields());
      throw refuse("'{" + support::printable(field) + "}' is not known; expected {torch}, {cuda}, {base} or {python}",
                   near);
    }
    for (const char c : value->second) {
      if (c != ':') out += c;
    }
    at = end;
  }
  accept(check_tag(out), tag.where);
  return out;
}

std::vector<Located<std::string>> read_tags(const YamlNode& node) {
  const std::map<std::string, std::string> sample{
      {"torch", "2.6.0"}, {"cuda", "12.4"}, {"base", "debian:12"}, {"python", "3.11"}};
  const auto any = [](std::string_view) -> Checked { return std::nullopt; };
  auto tags = texts_of(node, "tags", any);
  for (const auto& tag : tags) expand_tag(tag, sample);
  return tags;
}

RunSpec read_run(const YamlNode& node) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  const YamlMap map(node, "'run'", {"shm", "memory", "cpus", "volumes", "ports"});
  RunSpec run;
  const auto bytes = [&](const char* word) -> std::optional<std::uint64_t> {
    const YamlNode* size = map.find(word);
    if (size == nullptr) return std::nullopt;
    const std::uint64_t value = read_bytes(*size, word);
    if (value < kMiB)
      throw Error(ErrorCode::kWrongValue, std::string(word) + " '" + size->text + "': expected at least 1m",
                  size->where, "such as 16g");
    return value;
  };
  run.shm_bytes = bytes("shm");
  run.memory_bytes = bytes("memory");
  if (const YamlNode* cpus = map.find("cpus")) {
    constexpr double kLeast = 0.01;
    constexpr double kMost = 4096;
    run.cpus = number_of(*cpus, "cpus");
    if (*run.cpus < kLeast || *run.cpus > kMost) {
      throw Error(ErrorCode::kWrongValue, "cpus '" + cpus->text + "': expected 0.01 to 4096", cpus->where, "such as 8");
    }
  }
  if (const YamlNode* volumes = map.find("volumes")) run.volumes = plain(texts_of(*volumes, "volumes", check_volume));
  if (const YamlNode* ports = map.find("ports")) run.ports = plain(texts_of(*ports, "ports", check_port_mapping));
  return run;
}

VerifySpec read_verify(const YamlNode& node) {
  const YamlMap map(node, "'verify'", {"suite", "require"});
  VerifySpec verify;
  if (const YamlNode* suite = map.find("suite")) verify.suite = word_of(*suite, "suite", {"quick", "standard", "soak"});
  if (const YamlNode* require = map.find("require")) verify.require = texts_of(*require, "require", check_check_id);
  return verify;
}

}  // namespace envforge::documents
