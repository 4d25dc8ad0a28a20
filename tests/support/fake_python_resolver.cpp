#include "support/fake_python_resolver.hpp"

#include <algorithm>
#include <cctype>
#include <deque>
#include <optional>

#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/versions/python_name.hpp>
#include <envforge/versions/version.hpp>
#include <envforge/versions/version_range.hpp>

namespace envforge::testing {
namespace {

using packages::PythonConflict;
using packages::ResolvedWheel;

struct Need {
  std::string name, range, from;  // from: the package that asks, or "" for the request
  std::string url = {};           // of a wheel by its address, with #sha256=
};

Need read_need(const std::string& requirement, const std::string& from) {
  std::size_t end = 0;
  while (end < requirement.size() &&
         (std::isalnum(static_cast<unsigned char>(requirement[end])) != 0 || requirement[end] == '-'))
    ++end;
  const std::size_t url = requirement.find("http", end);
  if (requirement.find('@', end) != std::string::npos && url != std::string::npos)
    return {requirement.substr(0, end), "", from, requirement.substr(url)};
  return {requirement.substr(0, end), requirement.substr(end), from};
}

bool allows(const Need& need, const std::string& version) {
  return need.range.empty() || versions::VersionRange::parse(need.range)->contains(versions::Version::of(version));
}

/// Whether the tag of a wheel is for the machine that asks: "cp311-cp311-manylinux_2_28_x86_64".
bool is_for(const FakePackage& package, const packages::PythonRequest& request) {
  std::string abi = "cp" + request.python_version;
  abi.erase(std::remove(abi.begin(), abi.end(), '.'), abi.end());
  const std::string python(versions::without_t(abi));
  const bool any_python = package.tag.substr(0, 2) != "cp";
  if (!any_python && package.tag.find("-" + abi + "-") == std::string::npos) return false;
  const char* other = request.platform == "linux/arm64" ? "x86_64" : "aarch64";
  return (any_python || package.tag.substr(0, package.tag.find('-')) == python) &&
         package.tag.find(other) == std::string::npos;
}

std::string filename_of(const FakePackage& wheel) {
  std::string stem = wheel.name;
  std::replace(stem.begin(), stem.end(), '-', '_');
  return stem + "-" + wheel.version + "-" + wheel.tag + ".whl";
}

using Chosen = std::map<std::string, ResolvedWheel>;

/// What the package needs of one that is chosen already in another version: uv takes an older version of it then.
std::optional<Need> contradiction(const FakePackage& package, const Chosen& chosen) {
  for (const std::string& text : package.requires_dist) {
    const Need need = read_need(text, package.name);
    const auto other = chosen.find(need.name);
    if (other != chosen.end() && !other->second.version.empty() && !allows(need, other->second.version)) return need;
  }
  return std::nullopt;
}

/// The newest version of `name` on its index that all needs allow; the preferred one if it is among them. `lines` gets
/// what stands against the others.
std::optional<FakePackage> choose(const std::vector<FakePackage>& shelf, const std::string& name,
                                  const std::vector<Need>& needs, const packages::PythonRequest& request,
                                  const Chosen& chosen, std::vector<std::string>& lines) {
  std::optional<FakePackage> best;
  for (const FakePackage& package : shelf) {
    const bool fits = std::all_of(needs.begin(), needs.end(),
                                  [&](const Need& need) { return need.name != name || allows(need, package.version); });
    if (package.name != name || package.sdist_only || !fits || !is_for(package, request)) continue;
    if (const auto need = contradiction(package, chosen)) {
      lines.push_back(name + "==" + package.version + " depends on " + need->name + need->range);
      continue;
    }
    const auto& preferences = request.preferences;
    const bool preferred = std::count(preferences.begin(), preferences.end(), name + "==" + package.version) > 0;
    if (preferred) return package;
    if (!best || versions::Version::of(best->version) < versions::Version::of(package.version)) best = package;
  }
  return best;
}

/// NAME-VERSION-...whl of the address, which is not fetched.
ResolvedWheel by_address(const Need& need) {
  const std::size_t hash = need.url.find("#sha256=");
  ResolvedWheel wheel;
  wheel.name = need.name;
  wheel.index = need.url.substr(0, hash);
  wheel.filename = wheel.index.substr(wheel.index.rfind('/') + 1);
  const std::size_t version = wheel.filename.find('-') + 1;
  wheel.version = wheel.filename.substr(version, wheel.filename.find('-', version) - version);
  wheel.sha256 = need.url.substr(hash + 8);
  return wheel;
}

PythonConflict conflict(PythonConflict::Kind kind, const std::string& package, const std::string& line) {
  PythonConflict result;
  result.kind = kind;
  result.package = package;
  result.lines = {line};
  result.hint = "a hint";
  return result;
}

}  // namespace

std::variant<std::vector<ResolvedWheel>, PythonConflict> FakePythonResolver::resolve(
    const packages::PythonRequest& request) {
  using Kind = PythonConflict::Kind;
  {
    const std::lock_guard<std::mutex> lock(*mutex_);  // a lock asks for wheels and tools at once
    requests.push_back(request);
  }
  if (!reachable) return conflict(Kind::kIndexUnreachable, "", "the index does not answer");
  std::vector<Need> needs;
  for (const auto* list : {&request.pins, &request.requirements}) {
    for (const std::string& text : *list) needs.push_back(read_need(text, ""));
  }
  std::map<std::string, ResolvedWheel> chosen;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const std::string name = needs[i].name;
    if (const auto own = request.provided.find(name); own != request.provided.end()) {
      if (!own->second.empty() && !allows(needs[i], own->second))
        return conflict(Kind::kUnsatisfiable, name, needs[i].from + " depends on " + name + needs[i].range);
      ResolvedWheel& row = chosen[name];
      row.name = name;
      row.version = own->second;
      row.index = packages::kProvided;
      row.required_by.push_back(needs[i].from);
      continue;
    }
    if (!needs[i].url.empty()) {
      chosen[name] = by_address(needs[i]);
      continue;
    }
    const auto own = request.pin_index.find(name);
    const std::string index = own == request.pin_index.end() ? "" : own->second;
    const std::vector<FakePackage>& shelf = universe_[index];
    const auto known = [&](const FakePackage& package) { return package.name == name; };
    const auto built = [&](const FakePackage& package) { return package.name == name && !package.sdist_only; };
    if (std::none_of(shelf.begin(), shelf.end(), known))
      return conflict(Kind::kNoSuchPackage, name, name + " was not found");
    if (std::none_of(shelf.begin(), shelf.end(), built))
      return conflict(Kind::kNeedsBuild, name, name + " has no wheel");
    std::vector<std::string> lines;
    const auto package = choose(shelf, name, needs, request, chosen, lines);
    if (!package) {
      auto answer = conflict(Kind::kUnsatisfiable, name, "nothing satisfies " + name);
      answer.lines.insert(answer.lines.end(), lines.begin(), lines.end());
      for (const Need& need : needs) {
        if (need.name == name && !need.from.empty())
          answer.lines.push_back(need.from + "==" + chosen[need.from].version + " depends on " + name + need.range);
      }
      return answer;
    }
    ResolvedWheel& wheel = chosen[name];
    const bool again = wheel.version == package->version;
    wheel.name = name;
    wheel.version = package->version;
    wheel.filename = filename_of(*package);
    wheel.sha256 = support::sha256_hex(wheel.filename);
    wheel.size = package->size == 0 ? 1000 : package->size;
    wheel.uploaded = package->uploaded;
    wheel.index = packages::kDefaultPythonIndex;
    for (const packages::PythonIndex& explicit_index : request.indexes) {
      if (explicit_index.name == index) wheel.index = explicit_index.url;
    }
    if (!request.wheels_dir.empty()) wheel.index = packages::kFolderIndex;
    if (!needs[i].from.empty()) wheel.required_by.push_back(needs[i].from);
    if (again) continue;
    for (const std::string& need : package->requires_dist) needs.push_back(read_need(need, name));
  }
  std::vector<ResolvedWheel> wheels;
  for (auto& [name, wheel] : chosen) {
    std::sort(wheel.required_by.begin(), wheel.required_by.end());
    wheels.push_back(wheel);
  }
  return wheels;
}

std::variant<packages::ResolvedSdist, PythonConflict> FakePythonResolver::find_sdist(
    const packages::PythonRequest& site, const std::string& name, const std::string& version) {
  using Kind = PythonConflict::Kind;
  if (!reachable) return conflict(Kind::kIndexUnreachable, "", "the index does not answer");
  const auto& shelf = universe_[""];
  const auto named = [&](const FakePackage& package) { return package.name == name; };
  const auto exact = [&](const FakePackage& package) {
    return package.name == name && package.version == version && package.sdist_only;
  };
  if (std::none_of(shelf.begin(), shelf.end(), named)) return conflict(Kind::kNoSuchPackage, name, name + " not found");
  if (std::none_of(shelf.begin(), shelf.end(), exact))
    return conflict(Kind::kUnsatisfiable, name, name + "==" + version + " has no source distribution");
  packages::ResolvedSdist sdist;
  sdist.name = name;
  sdist.version = version;
  sdist.filename = name + "-" + version + ".tar.gz";
  sdist.sha256 = support::sha256_hex(sdist.filename);
  sdist.index = site.wheels_dir.empty() ? packages::kDefaultPythonIndex : packages::kFolderIndex;
  return sdist;
}

std::variant<std::vector<std::string>, PythonConflict> FakePythonResolver::wheel_names(const packages::PythonRequest&,
                                                                                       const std::string& name,
                                                                                       const std::string& version) {
  using Kind = PythonConflict::Kind;
  if (!reachable) return conflict(Kind::kIndexUnreachable, "", "the index does not answer");
  std::vector<std::string> names;
  bool known = false;
  for (const FakePackage& package : universe_[""]) {
    known = known || package.name == name;
    if (package.name == name && package.version == version && !package.sdist_only)
      names.push_back(filename_of(package));
  }
  if (!known) return conflict(Kind::kNoSuchPackage, name, name + " was not found");
  if (names.empty()) return conflict(Kind::kUnsatisfiable, name, name + " has no wheel of " + version);
  std::sort(names.begin(), names.end());
  return names;
}

void FakePythonResolver::fetch_tool(const ResolvedWheel& uv, const packages::PythonRequest&, const std::string& path) {
  support::write_file_atomically(path, "uv " + uv.version, 0755);
}

}  // namespace envforge::testing
