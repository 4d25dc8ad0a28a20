#include "loader/distribution.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::validator::loader {
namespace {

/// The digest that RECORD writes in URL-safe base64 without padding, as hex; "" for anything else.
std::string hex_of_base64(const std::string& text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    int value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = c - 'A';
    } else if (c >= 'a' && c <= 'z') {
      value = c - 'a' + 26;
    } else if (c >= '0' && c <= '9') {
      value = c - '0' + 52;
    } else if (c == '-' || c == '_') {
      value = c == '-' ? 62 : 63;
    } else if (c == '=') {
      break;
    } else {
      return "";
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>(bits >> held & 0xff));
    }
  }
  if (bytes.size() != 32) return "";
  return support::to_hex(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

/// One CSV row of three fields, of which only the first may be quoted.
std::array<std::string, 3> fields_of(const std::string& line) {
  std::array<std::string, 3> out;
  std::size_t at = 0;
  if (!line.empty() && line.front() == '"') {
    for (at = 1; at < line.size(); ++at) {
      if (line[at] == '"' && (at + 1 >= line.size() || line[at + 1] != '"')) break;
      if (line[at] == '"') ++at;
      out[0].push_back(line[at]);
    }
    at = std::min(line.size(), at + 1);
  } else {
    at = std::min(line.find(','), line.size());
    out[0] = line.substr(0, at);
  }
  if (at >= line.size()) return out;
  const auto comma = line.find(',', at + 1);
  out[1] = line.substr(at + 1, comma == std::string::npos ? comma : comma - at - 1);
  if (comma != std::string::npos) out[2] = line.substr(comma + 1);
  return out;
}

std::optional<std::uint64_t> number_of(const std::string& text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// "cublas" of the marker `... and extra == 'cublas'`.
std::string extra_of(const std::string& marker) {
  const auto at = marker.find("extra ==");
  const auto open = marker.find_first_of("'\"", std::min(at, marker.size()));
  const auto close = open == std::string::npos ? open : marker.find(marker[open], open + 1);
  return close == std::string::npos ? "" : normal_name(marker.substr(open + 1, close - open - 1));
}

/// "cuda-toolkit[cublas]==13.2.2; marker", and the older "nvidia-nccl-cu12 (==2.21.5) ; marker".
Requirement read_requirement(const std::string& text) {
  const auto in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  const auto name_end = std::find_if_not(text.begin(), text.end(), in_name);
  Requirement out;
  out.name = normal_name(std::string(text.begin(), name_end));
  std::string rest(name_end, text.end());
  const auto marker = std::min(rest.find(';'), rest.size());
  out.only_for = extra_of(rest.substr(marker));
  rest.erase(marker);
  if (!rest.empty() && rest.front() == '[') {
    const auto end = std::min(rest.find(']'), rest.size() - 1);
    for (const std::string& extra : support::split(rest.substr(1, end - 1), ',')) {
      out.extras.push_back(normal_name(support::trim(extra)));
    }
    rest.erase(0, end + 1);
  }
  const auto pin = rest.find("==");
  if (pin == std::string::npos || rest.find_first_of(",<>!~") != std::string::npos) return out;
  std::string version = rest.substr(pin + 2);
  version.erase(std::min(version.find(')'), version.size()));
  out.exact = support::trim(version);
  return out;
}

Distribution read_metadata(const std::string& metadata, const std::string& folder) {
  Distribution out;
  out.folder = folder;
  for (const std::string& raw : support::split(metadata, '\n')) {
    const std::string line = support::trim(raw);
    if (line.empty()) break;  // the long description follows
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    if (key == "Name") out.name = normal_name(value);
    if (key == "Version") out.version = value;
    if (key == "Requires-Dist") out.needs.push_back(read_requirement(value));
  }
  return out;
}

}  // namespace

std::string normal_name(const std::string& name) {
  std::string out;
  for (const char c : support::to_lower(name)) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) {
      out.push_back(c);
    } else if (out.empty() || out.back() != '-') {
      out.push_back('-');
    }
  }
  return out;
}

std::vector<Distribution> read_distributions(const Root& root, const std::string& site_packages) {
  std::vector<Distribution> out;
  for (const std::string& name : root.list(site_packages)) {
    if (!support::ends_with(name, ".dist-info")) continue;
    const std::string folder = site_packages + "/" + name;
    const auto metadata = root.read(folder + "/METADATA");
    if (!metadata) continue;
    Distribution one = read_metadata(*metadata, folder);
    if (!one.name.empty()) out.push_back(std::move(one));
  }
  return out;
}

std::vector<RecordedFile> read_record(const Root& root, const Distribution& distribution) {
  std::vector<RecordedFile> out;
  const auto record = root.read(distribution.folder + "/RECORD");
  if (!record) return out;
  const std::string site_packages = parent(distribution.folder);
  for (const std::string& raw : support::split(*record, '\n')) {
    const std::string line = support::trim(raw);
    if (line.empty()) continue;
    const auto fields = fields_of(line);
    if (fields[0].empty()) continue;
    RecordedFile file;
    file.path = normal(fields[0].front() == '/' ? fields[0] : site_packages + "/" + fields[0]);
    constexpr std::string_view kPrefix = "sha256=";
    if (support::starts_with(fields[1], kPrefix)) file.sha256 = hex_of_base64(fields[1].substr(kPrefix.size()));
    file.size = number_of(fields[2]);
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace envforge::validator::loader
