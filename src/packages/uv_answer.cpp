#include "uv_answer.hpp"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <utility>

#include <envforge/support/error.hpp>
#include <envforge/support/percent_encoding.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>
#include <envforge/toml/toml.hpp>
#include <envforge/versions/package_name.hpp>

#include "uv_request.hpp"
#include "wheel_name.hpp"

namespace envforge::packages {
namespace {

using versions::normal_name;

[[noreturn]] void fail(const std::string& package, const std::string& what) {
  throw support::Error(support::ErrorCode::kUvFailed, "uv locked '" + package + "' " + what);
}

std::string filename_of(const std::string& url) {
  const std::string path = url.substr(0, url.find_first_of("?#"));
  return support::percent_decoded(path.substr(path.rfind('/') + 1));
}

// Of a file's row: "name" where the address does not end in it; a folder's file has a path.
std::string file_name(const toml::Value& file) {
  for (const char* place : {"name", "url", "path"}) {
    if (const std::string text = file.text_of(place); !text.empty())
      return std::string(place) == "name" ? text : filename_of(text);
  }
  return {};
}

// "" where the row has none.
std::string sha256_of(const toml::Value& file) {
  const toml::Value* hash = file.at("hashes.sha256");
  return hash != nullptr ? hash->text : std::string();
}

std::string index_of(const std::string& name, const PythonRequest& request) {
  if (!request.wheels_dir.empty()) return kFolderIndex;
  for (const auto& [package, index_name] : request.pin_index) {
    if (normal_name(package) != name) continue;
    for (const PythonIndex& index : request.indexes) {
      if (index.name == index_name) return without_credentials(index.url);
    }
  }
  return kDefaultPythonIndex;
}

// The file of a requirement that named it by its address. uv takes the hash that stands there; the installer, which
// fetches the file, refuses another.
ResolvedWheel read_archive(ResolvedWheel wheel, const toml::Value& archive) {
  const std::string url = archive.text_of("url");
  wheel.index = url.substr(0, url.find('#'));
  wheel.filename = filename_of(url);
  wheel.sha256 = sha256_of(archive);
  if (!parse_wheel_name(wheel.filename) || wheel.sha256.size() != 64)
    fail(wheel.name, "without a wheel and its sha256");
  return wheel;
}

ResolvedWheel read_package(const toml::Value& package, const std::vector<std::string>& tags,
                           const PythonRequest& request) {
  ResolvedWheel wheel;
  wheel.name = normal_name(package.text_of("name"));
  wheel.version = package.text_of("version");
  if (wheel.name.empty() || wheel.version.empty()) fail(wheel.name, "without a name or a version");
  if (const toml::Value* archive = package.find("archive")) return read_archive(std::move(wheel), *archive);
  const toml::Value* files = package.find("wheels");
  if (files == nullptr || files->items.empty()) fail(wheel.name, "without a wheel");
  std::vector<WheelName> names;
  std::vector<const toml::Value*> rows;
  for (const toml::Value& file : files->items) {
    const auto parsed = parse_wheel_name(file_name(file));
    if (!parsed) continue;
    names.push_back(*parsed);
    rows.push_back(&file);
  }
  const auto best = best_wheel(names, tags);
  if (!best) {
    std::vector<std::string> has;
    for (const toml::Value* row : rows) has.push_back(file_name(*row));
    fail(wheel.name, wheel.version + " with no wheel for Python " + request.python_version + " on " +
                         uv_platform(tag_target(request)) + "; it has " + support::join(has, ", "));
  }
  const toml::Value& file = *rows[*best];
  wheel.filename = file_name(file);
  wheel.sha256 = sha256_of(file);
  // Older uv hashes no file of a folder; the resolver does it then.
  const bool hashed_later = wheel.sha256.empty() && !request.wheels_dir.empty();
  if (wheel.sha256.size() != 64 && !hashed_later) fail(wheel.name, "without the sha256 of " + wheel.filename);
  wheel.size = std::strtoull(file.text_of("size").c_str(), nullptr, 10);
  wheel.index = index_of(wheel.name, request);
  wheel.uploaded = file.text_of("upload-time");
  return wheel;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// uv's sentences, one a line, speaking of the recipe instead of the generated project.
std::vector<std::string> sentences(const std::string& standard_error) {
  std::vector<std::string> lines;
  for (std::string line : support::split(standard_error, '\n')) {
    line = support::trim(line);
    if (line.empty() || support::starts_with(line, "warning:") || support::starts_with(line, "hint:")) continue;
    if (support::starts_with(line, "error: No solution found")) continue;
    for (const char* prefix : {"error: ", "cause: "}) {
      if (support::starts_with(line, prefix)) line = line.substr(7);
    }
    const std::string project = kProjectName;
    replace_all(line, project + " depends on", "the recipe asks for");
    replace_all(line, project, "the recipe");
    replace_all(line, "you require", "the recipe asks for");
    replace_all(line, "your requirements and", "the recipe and");
    replace_all(line, "we can conclude that your requirements are unsatisfiable", "nothing satisfies the recipe");
    replace_all(line, "we can conclude that ", "");
    lines.push_back(support::printable(line));
  }
  return lines;
}

std::string first_match(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : std::string();
}

bool holds(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

/// Which of the versions in the explanation are not the recipe's but envforge's own choice.
void explain_pins(PythonConflict& conflict, const PythonRequest& request) {
  const std::string text = support::join(conflict.lines, "\n");
  for (const std::string& pin : request.pins) {
    if (holds(text, pin.c_str()))
      conflict.lines.push_back(pin + " is envforge's own choice for the target's GPUs and drivers");
  }
  for (const auto& [name, version] : request.provided) {
    if (!version.empty() && holds(text, name.c_str()))
      conflict.lines.push_back(name + " " + version + " is the one that packages.build makes");
  }
}

PythonConflict unreachable(const std::string& text) {
  PythonConflict conflict;
  conflict.kind = PythonConflict::Kind::kIndexUnreachable;
  conflict.package = first_match(text, "Failed to fetch: .*/([A-Za-z0-9._-]+)/\n");
  conflict.lines = sentences(text);
  conflict.hint =
      "check the network and the index address, or give a mirror or --wheels DIR; `envforge doctor` asks each index";
  if (holds(text, "certificate")) {
    conflict.hint = "the network presents a certificate that is not trusted: give its CA with --ca-bundle FILE";
  } else if (holds(text, "401") || holds(text, "403")) {
    conflict.hint = "the index refuses access: put its credentials into the site configuration";
  }
  return conflict;
}

// A name that was meant instead of one that no index has: from what this request and an older lock name, for asking the
// index about spellings would need the network. torch's own family is refused elsewhere in a recipe.
std::string meant_name(const std::string& absent, const PythonRequest& request) {
  std::vector<std::string> known = {"torch", "torchvision", "torchaudio", "triton"};
  for (const auto* list : {&request.requirements, &request.pins, &request.preferences}) {
    for (const std::string& requirement : *list) known.push_back(versions::requirement_name(requirement));
  }
  std::erase(known, normal_name(absent));
  const std::string near = support::did_you_mean(normal_name(absent), known);
  if (near.find("'torchvision'") != std::string::npos || near.find("'torchaudio'") != std::string::npos)
    return near + " It stands under `torch: {include: ...}`";
  return near;
}

PythonConflict unsolvable(const std::string& text, const PythonRequest& request) {
  PythonConflict conflict;
  conflict.lines = sentences(text);
  explain_pins(conflict, request);
  const std::string needs_wheel = first_match(text, "Wheels are required for `([^`]+)`");
  const std::string absent = first_match(
      text, "ecause ([A-Za-z0-9._-]+) was not found in the (?:package registry|provided package locations)");
  const std::string cut_off = first_match(text, "hint: `([^`]+)` was filtered by `exclude-newer`");
  if (!needs_wheel.empty()) {
    conflict.kind = PythonConflict::Kind::kNeedsBuild;
    conflict.package = needs_wheel;
    // "Because NAME==1.0 has no usable wheels", "NAME>=1.0,<=1.2 has": the newest version that the rest asks for.
    conflict.version = first_match(text, ("ecause " + needs_wheel + "(?:==|>=[^ ,]+,<=)([^ ,]+) has no").c_str());
    conflict.hint =
        "'" + needs_wheel +
        "' has no wheel that fits, only sources, whose code envforge never runs on this machine: ask for a " +
        "version that has a wheel, let it be built in a stage of the image (`packages: {build: [{source: " +
        needs_wheel + "==" + (conflict.version.empty() ? "VERSION" : conflict.version) +
        ", pools: []}]}`; without `pools` if it has CUDA code), or give the folder of a wheel that you built for this "
        "torch and Python with --wheels DIR";
  } else if (!absent.empty()) {
    conflict.kind = PythonConflict::Kind::kNoSuchPackage;
    conflict.package = absent;
    const std::string meant = meant_name(absent, request);
    conflict.hint =
        (meant.empty() ? "check the spelling of '" + absent + "'" : meant) +
        (request.wheels_dir.empty() ? ""
                                    : "; the folder " + request.wheels_dir + " is the only source and must hold it");
  } else if (!cut_off.empty()) {
    conflict.package = cut_off;
    conflict.hint = holds(text, "is missing an upload date")
                        ? "the index gives no upload dates, so the cutoff " + request.exclude_newer +
                              " hides all its files: use " + "an index that gives them, or no cutoff"
                        : "files newer than the cutoff " + request.exclude_newer +
                              " are hidden; `envforge lock --upgrade --exclude-newer DATE` moves it";
  } else {
    // "Because there is no version of numpy==99 and ..."
    const std::string lacking = first_match(text, "there (?:is|are) no versions? of ([A-Za-z0-9._-]+)");
    const std::string version = first_match(text, "there is no version of [A-Za-z0-9._-]+==([^ ,]+)");
    conflict.package = lacking.empty()
                           ? first_match(text, "(?:no versions? of|Because)(?: only)? ([A-Za-z0-9._-]+)[=<>~!]* ?")
                           : lacking;
    conflict.hint = request.provided.count(conflict.package) > 0
                        ? "let packages.build make a version of " + conflict.package +
                              " that fits, or take another version of what requires it"
                    : !version.empty() ? "there is no " + lacking + " " + version +
                                             (request.exclude_newer.empty() ? "" : " up to " + request.exclude_newer) +
                                             ": name a version that there is, or a range"
                                       : "loosen one of the requirements that are named";
  }
  return conflict;
}

}  // namespace

std::string without_credentials(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t host = scheme + 3;
  const std::size_t at = url.substr(0, url.find('/', host)).rfind('@');
  return at == std::string::npos ? url : url.substr(0, host) + url.substr(at + 1);
}

std::vector<ResolvedWheel> read_pylock(const std::string& text, const PythonRequest& request) {
  const toml::Value document = toml::parse(text, "uv's pylock.toml", support::ErrorCode::kUvFailed);
  if (document.text_of("lock-version").substr(0, 2) != "1.") {
    throw support::Error(support::ErrorCode::kUvFailed,
                         "uv wrote a lock of version '" + document.text_of("lock-version") + "', expected 1.x");
  }
  std::vector<ResolvedWheel> wheels;
  const std::vector<std::string> tags = compatible_tags(tag_target(request));
  if (const toml::Value* packages = document.find("packages"); packages != nullptr) {
    for (const toml::Value& package : packages->items) {
      if (package.find("directory") == nullptr) wheels.push_back(read_package(package, tags, request));
    }
  }
  std::sort(wheels.begin(), wheels.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(wheels.begin(), wheels.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != wheels.end()) fail(twice->name, "twice");
  return wheels;
}

ResolvedSdist read_sdist(const std::string& text, const PythonRequest& request) {
  const toml::Value document = toml::parse(text, "uv's pylock.toml", support::ErrorCode::kUvFailed);
  const toml::Value* packages = document.find("packages");
  if (packages == nullptr || packages->items.size() != 1) fail("one sdist", "as another number of packages");
  const toml::Value& package = packages->items.front();
  ResolvedSdist sdist;
  sdist.name = normal_name(package.text_of("name"));
  sdist.version = package.text_of("version");
  const toml::Value* file = package.find("sdist");
  if (file == nullptr) fail(sdist.name, "without an sdist");
  sdist.filename = file_name(*file);
  sdist.sha256 = sha256_of(*file);
  if (sdist.sha256.size() != 64 && request.wheels_dir.empty())
    fail(sdist.name, "without the sha256 of " + sdist.filename);
  sdist.index = index_of(sdist.name, request);
  return sdist;
}

std::vector<std::string> read_wheel_names(const std::string& text) {
  const toml::Value document = toml::parse(text, "uv's pylock.toml", support::ErrorCode::kUvFailed);
  std::vector<std::string> names;
  const toml::Value* packages = document.find("packages");
  for (const toml::Value& package : packages == nullptr ? std::vector<toml::Value>{} : packages->items) {
    const toml::Value* files = package.find("wheels");
    for (const toml::Value& file : files == nullptr ? std::vector<toml::Value>{} : files->items)
      names.push_back(file_name(file));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::map<std::string, std::vector<std::string>> read_annotations(const std::string& requirements) {
  std::map<std::string, std::vector<std::string>> required_by;
  const std::string mark = "# via ";
  for (const std::string& line : support::split(requirements, '\n')) {
    const std::size_t via = line.find(mark);
    if (via == std::string::npos) continue;
    std::vector<std::string>& names = required_by[versions::requirement_name(line)];
    for (const std::string& part : support::split(line.substr(via + mark.size()), ',')) {
      const std::string name = support::trim(part);
      if (!support::starts_with(name, kProjectName) && !support::starts_with(name, "-"))
        names.push_back(normal_name(name));
    }
    std::sort(names.begin(), names.end());
  }
  return required_by;
}

std::optional<PythonConflict> read_conflict(const std::string& standard_error, const PythonRequest& request) {
  if (holds(standard_error, "No solution found when resolving")) return unsolvable(standard_error, request);
  if (holds(standard_error, "Failed to fetch") || holds(standard_error, "error sending request") ||
      holds(standard_error, "Request failed after")) {
    return unreachable(standard_error);
  }
  return std::nullopt;
}

}  // namespace envforge::packages
