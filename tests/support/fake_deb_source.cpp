#include "support/fake_deb_source.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

namespace envforge::testing {
namespace {

using packages::DebConflict;
using packages::ResolvedDeb;
using support::Error;
using support::ErrorCode;

ResolvedDeb to_deb(const FakeDeb& fake, const packages::DebMirror& mirror) {
  ResolvedDeb deb;
  deb.name = fake.name;
  deb.version = fake.version;
  deb.architecture = mirror.architecture;
  deb.suite = mirror.debs_dir.empty() ? "bookworm" : "folder";
  const std::string file = fake.name + "_" + fake.version + "_" + mirror.architecture + ".deb";
  deb.filename = mirror.debs_dir.empty() ? "pool/main/" + file : file;
  deb.sha256 = support::sha256_hex(fake_deb_bytes(fake));
  deb.size = fake_deb_bytes(fake).size();
  return deb;
}

}  // namespace

std::string fake_deb_bytes(const FakeDeb& deb) {
  return "deb " + deb.name + " " + deb.version;
}

std::variant<std::vector<ResolvedDeb>, DebConflict> FakeDebSource::resolve(const packages::DebRequest& request) {
  requests.push_back(request);
  if (!reachable) throw Error(ErrorCode::kDebMirror, "the mirror does not answer");
  std::set<std::string> installed;
  for (const ResolvedDeb& deb : request.installed) installed.insert(deb.name);
  std::vector<std::string> todo = request.names;
  for (const FakeDeb& deb : debs_) {
    if (request.with_base && deb.essential) todo.push_back(deb.name);
  }
  std::map<std::string, FakeDeb> chosen;
  while (!todo.empty()) {
    const std::string wish = todo.back(), name = wish.substr(0, wish.find('='));
    todo.pop_back();
    if (chosen.count(name) > 0 || installed.count(name) > 0) continue;
    const FakeDeb* best = nullptr;
    for (const FakeDeb& deb : debs_) {
      if (deb.name != name || (wish != name && wish != name + "=" + deb.version)) continue;
      const bool preferred =
          std::any_of(request.preferred.begin(), request.preferred.end(),
                      [&](const ResolvedDeb& old) { return old.name == name && old.version == deb.version; });
      if (best == nullptr || preferred) best = &deb;  // the first is the newest
    }
    if (best == nullptr) return DebConflict{wish, {"no package '" + wish + "'"}, "a hint"};
    chosen.emplace(name, *best);
    todo.insert(todo.end(), best->depends.begin(), best->depends.end());
  }
  std::vector<ResolvedDeb> answer;
  for (const auto& [name, deb] : chosen) {
    for (const std::string& other : deb.conflicts) {
      if (chosen.count(other) > 0 || installed.count(other) > 0)
        return DebConflict{name, {name + " conflicts with " + other}, "a hint"};
    }
    answer.push_back(to_deb(deb, request.mirror));
  }
  return answer;
}

std::vector<std::string> FakeDebSource::fetch(const packages::DebMirror& mirror, const std::vector<ResolvedDeb>& debs,
                                              const std::string& cache_dir) {
  std::vector<std::string> paths;
  if (!reachable && !debs.empty()) throw Error(ErrorCode::kDebMirror, mirror.base + " does not answer");
  for (const ResolvedDeb& deb : debs) {
    const auto known = std::find_if(debs_.begin(), debs_.end(), [&](const FakeDeb& fake) {
      return fake.name == deb.name && fake.version == deb.version;
    });
    if (known == debs_.end())
      throw Error(ErrorCode::kDebGone, "the mirror no longer has " + deb.name + " " + deb.version);
    if (to_deb(*known, mirror).sha256 != deb.sha256)
      throw Error(ErrorCode::kDebDigest, deb.name + " has another sha256");
    const auto path = std::filesystem::path(cache_dir) / deb.sha256 / std::filesystem::path(deb.filename).filename();
    support::write_file_atomically(path, fake_deb_bytes(*known));
    paths.push_back(path.string());
  }
  return paths;
}

}  // namespace envforge::testing
