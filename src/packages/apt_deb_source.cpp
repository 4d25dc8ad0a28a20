#include <envforge/packages/apt_deb_source.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include <envforge/packages/deb_index.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "apt_files.hpp"
#include "deb_answers.hpp"
#include "file_lock.hpp"

namespace envforge::packages {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

// Without the cache that apt-get would build of the lists at its end: three quarters of its time, and install builds
// it.
const std::vector<std::string> kUpdate = {"apt-get", "update", "--quiet=2", "-o", "pkgCacheFile::Generate=false"};

/// A wish of the recipe: git, or git=1:2.39.5-0+deb12u3.
struct Wish {
  explicit Wish(const std::string& text)
      : name(text.substr(0, text.find('='))), version(name.size() < text.size() ? text.substr(name.size() + 1) : "") {}
  std::string name, version;
};

/// What one reading of the package lists is for.
struct Listed {
  std::set<std::string> names;                            // real and provided
  std::map<std::string, std::set<std::string>> versions;  // of those that a wish names with its version
  std::vector<std::string> base;
  std::map<std::string, Stanza> installed;  // by name; the installed version's where the mirror still lists it
};

/// Calls `each` for every paragraph of every list, the suites in the order main, -updates, -security.
void read_lists(const fs::path& lists, const std::function<void(const Stanza&, const std::string& suite)>& each) {
  std::map<std::string, fs::path>
      files;  // a suite is a prefix of its -updates and -security: sorted is in order, but for this
  for (const auto& entry : fs::directory_iterator(lists)) {
    const std::string suite = suite_of_list(entry.path().filename().string());
    if (!suite.empty())
      files[(support::ends_with(suite, "-security")  ? "2"
             : support::ends_with(suite, "-updates") ? "1"
                                                     : "0") +
            entry.path().string()] = entry.path();
  }
  for (const auto& [order, path] : files) {
    const std::string suite = suite_of_list(path.filename().string());
    std::ifstream in(path);
    read_stanzas(in, [&](const Stanza& stanza) { each(stanza, suite); });
  }
}

Listed survey(const fs::path& lists, const DebRequest& request) {
  std::map<std::string, std::string> versions;
  for (const ResolvedDeb& deb : request.installed) versions[deb.name] = deb.version;
  Listed listed;
  for (const std::string& text : request.names) {
    if (const Wish wish(text); !wish.version.empty()) listed.versions[wish.name];
  }
  std::set<std::string> base;
  bool wants_merged_usr = false;
  read_lists(lists, [&](const Stanza& stanza, const std::string&) {
    const std::string name = stanza.field("Package");
    listed.names.insert(name);
    if (const auto asked = listed.versions.find(name); asked != listed.versions.end())
      asked->second.insert(stanza.field("Version"));
    for (const std::string& provided : provided_names(stanza)) listed.names.insert(provided);
    if (request.with_base && is_of_the_base(stanza)) {
      base.insert(name);
      wants_merged_usr = wants_merged_usr || stanza.field("Depends").find("usr-is-merged") != std::string::npos;
    }
    const auto version = versions.find(name);
    if (version == versions.end()) return;
    Stanza& known = listed.installed[name];
    if (known.text.empty() || stanza.field("Version") == version->second) known = stanza;
  });
  // "usrmerge | usr-is-merged": the first would convert a system, and bring perl; ours is merged from the start.
  if (wants_merged_usr && listed.names.count("usr-is-merged") > 0) base.insert("usr-is-merged");
  listed.base.assign(base.begin(), base.end());
  return listed;
}

std::string status_of(const Listed& listed, const std::vector<ResolvedDeb>& installed) {
  std::string text;
  for (const ResolvedDeb& deb : installed) {
    const auto known = listed.installed.find(deb.name);
    Stanza stanza;
    if (known != listed.installed.end()) {
      stanza = known->second;
    } else {  // not of this distribution: known by name and version only
      stanza.text = "Package: " + deb.name + "\nArchitecture: " + deb.architecture + "\n";
    }
    text += installed_stanza(stanza, deb.version);
  }
  return text;
}

std::optional<DebConflict> unknown_name(const Listed& listed, const DebRequest& request) {
  const std::string place = request.mirror.debs_dir.empty()
                                ? request.mirror.base + " (" + request.mirror.architecture + ")"
                                : "the folder " + request.mirror.debs_dir;
  for (const std::string& text : request.names) {
    const Wish wish(text);
    const std::string name = support::printable(wish.name), version = support::printable(wish.version);
    if (!is_package_name(wish.name) || listed.names.count(wish.name) == 0) {
      const std::string near = support::did_you_mean(wish.name, {listed.names.begin(), listed.names.end()});
      return DebConflict{text,
                         {place + " has no package '" + name + "'"},
                         near.empty() ? "search the name at the distribution's package site" : near};
    }
    if (wish.version.empty() || listed.versions.at(wish.name).count(wish.version) > 0) continue;
    const auto& has = listed.versions.at(wish.name);
    const std::string own = support::join({has.begin(), has.end()}, ", ");
    return DebConflict{
        text,
        {place + " has " + name + " " + (own.empty() ? "by other packages only" : own) + ", not " + version},
        "write " + name +
            " alone: the lock keeps the version that it finds, and `envforge lock "
            "--upgrade=" +
            name + "` moves it"};
  }
  return std::nullopt;
}

/// apt's explanation, without its preamble.
DebConflict conflict_of(const process::Outcome& outcome) {
  DebConflict conflict;
  const std::string mark = "unmet dependencies:\n";
  const std::size_t start = outcome.out.find(mark);
  const std::string reasons = start == std::string::npos ? std::string() : outcome.out.substr(start + mark.size());
  for (const std::string& text : {reasons, outcome.err}) {
    for (const std::string& line : support::split(text, '\n')) {
      const std::string trimmed = support::trim(line);
      if (!trimmed.empty() && !support::starts_with(trimmed, "W: "))
        conflict.lines.push_back(support::printable(trimmed));
    }
  }
  if (!reasons.empty()) conflict.package = support::trim(reasons.substr(0, reasons.find(':')));
  conflict.hint = "remove one of the packages that exclude each other, or take another base";
  return conflict;
}

Error apt_error(ErrorCode code, const std::string& message, const process::Outcome& outcome) {
  Error error(code, message);
  for (const std::string& line : support::split(support::trim(outcome.err), '\n')) error.note(support::printable(line));
  return error;
}

/// The files that apt would fetch, with the hashes that their lists give.
std::vector<ResolvedDeb> identify(const fs::path& lists, const std::vector<std::string>& uris) {
  std::map<std::string, std::string> wanted;  // file name -> address
  for (const std::string& uri : uris) wanted[uri.substr(uri.rfind('/') + 1)] = uri;
  std::map<std::string, ResolvedDeb> found;
  read_lists(lists, [&](const Stanza& stanza, const std::string& suite) {
    const std::string path = stanza.field("Filename");
    const auto uri = wanted.find(path.substr(path.rfind('/') + 1));
    if (uri == wanted.end()) return;
    ResolvedDeb deb = to_deb(stanza, suite);
    if (support::ends_with(uri->second, "/" + deb.filename)) found.emplace(uri->first, std::move(deb));
  });
  std::vector<ResolvedDeb> debs;
  for (const auto& [file, uri] : wanted) {
    const auto deb = found.find(file);
    if (deb == found.end() || deb->second.sha256.size() != 64) {
      throw Error(ErrorCode::kDebMirror, "the mirror's index gives no sha256 for " + support::printable(uri));
    }
    debs.push_back(deb->second);
  }
  std::sort(debs.begin(), debs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return debs;
}

}  // namespace

process::Outcome AptDebSource::run_apt(const std::vector<std::string>& argv, const DebMirror& mirror,
                                       const std::string& configuration) {
  process::Command command;
  command.argv = argv;
  command.environment = mirror.proxies;
  command.environment->insert_or_assign("PATH", "/usr/bin:/bin");
  command.environment->insert_or_assign("LC_ALL", "C");
  command.environment->insert_or_assign("APT_CONFIG", configuration);
  command.deadline = settings_.deadline;
  process::Outcome outcome = runner_.run(command);
  process::throw_if_interrupted(outcome, argv.front());
  if (outcome.kind == process::Outcome::Kind::kNotStarted) {
    throw Error(ErrorCode::kProgramMissing, argv.front() + " " + process::describe(outcome), std::nullopt,
                "Debian packages are resolved by apt, 2.4 or newer (Debian, Ubuntu; Fedora: dnf install apt)");
  }
  if (outcome.kind == process::Outcome::Kind::kDeadline) {
    throw apt_error(
        ErrorCode::kDebMirror,
        "apt got no whole answer from the mirror within " + std::to_string(settings_.deadline.count() / 1000) + " s",
        outcome);
  }
  return outcome;
}

/// Asks the mirror once in the life of this object; an index that has not changed costs one small request for each
/// suite.
void AptDebSource::refresh(const DebMirror& mirror, const std::string& folder, const std::string& configuration) {
  const Distribution distribution = distribution_of(mirror.base, mirror.architecture);
  const auto keyring =
      std::find_if(distribution.keyrings.begin(), distribution.keyrings.end(),
                   [&](const std::string& name) { return fs::exists(fs::path(settings_.keyrings) / name); });
  if (keyring == distribution.keyrings.end()) {
    throw Error(ErrorCode::kProgramMissing,
                "the keys of " + mirror.base + " are not on this machine: " + settings_.keyrings + "/" +
                    distribution.keyrings.front(),
                std::nullopt, "apt install " + distribution.keyring_package);
  }
  support::write_file_atomically(fs::path(folder) / "etc/sources.list",
                                 apt_sources(mirror, settings_.keyrings + "/" + *keyring));
  if (refreshed_.count(folder) > 0) return;
  const process::Outcome outcome = run_apt(kUpdate, mirror, configuration);
  if (!outcome.ok())
    throw apt_error(ErrorCode::kDebMirror, "the package index of " + mirror.base + " cannot be fetched", outcome);
  refreshed_.insert(folder);
}

/// A folder of .deb files as a repository whose index we write; apt then solves over it as over any other.
void AptDebSource::index_folder(const DebMirror& mirror, const std::string& folder) {
  const DebIndex index = index_debs(runner_, mirror.debs_dir, settings_.deadline);
  support::write_file_atomically(fs::path(folder) / "repository/Packages", index.text);
  support::write_file_atomically(fs::path(folder) / "etc/sources.list",
                                 "deb [trusted=yes] copy:" + folder + "/repository ./\n");
}

std::variant<std::vector<ResolvedDeb>, DebConflict> AptDebSource::resolve(const DebRequest& request) {
  const DebMirror& mirror = request.mirror;
  const bool from_folder = !mirror.debs_dir.empty();
  const support::TempDir temporary("envforge-apt-");
  const std::string sources = from_folder ? std::string() : apt_sources(mirror, "");
  const std::string folder =
      from_folder ? temporary.path().string()
                  : (fs::path(settings_.cache_dir) / (support::sha256_hex(mirror.architecture + sources).substr(0, 16)))
                        .string();
  for (const char* part : {"state/lists/partial", "cache/archives/partial", "etc"})
    fs::create_directories(fs::path(folder) / part);
  const FileLock lock(folder + "/lock");
  const std::string configuration = folder + "/apt.conf";
  support::write_file_atomically(configuration, apt_configuration(mirror, folder));
  support::write_file_atomically(folder + "/status", "");
  support::write_file_atomically(folder + "/etc/preferences", "");
  if (from_folder) {
    index_folder(mirror, folder);
    const process::Outcome outcome = run_apt(kUpdate, mirror, configuration);
    if (!outcome.ok()) throw apt_error(ErrorCode::kDebTool, "apt cannot read the index of " + mirror.debs_dir, outcome);
  } else {
    refresh(mirror, folder, configuration);
  }

  const fs::path lists = fs::path(folder) / "state/lists";
  const DebAnswers answers(fs::path(folder) / "answers", lists);
  if (!from_folder) {
    if (auto known = answers.find(request)) return *known;
  }
  const Listed listed = survey(lists, request);
  if (auto conflict = unknown_name(listed, request)) return *conflict;
  std::vector<std::string> argv{
      "apt-get", "install", "--yes", "--quiet=2", "--print-uris", "--no-remove", "--no-install-recommends"};
  argv.insert(argv.end(), listed.base.begin(), listed.base.end());
  argv.insert(argv.end(), request.names.begin(), request.names.end());
  support::write_file_atomically(folder + "/status", status_of(listed, request.installed));
  support::write_file_atomically(folder + "/etc/preferences", apt_preferences(request.preferred));
  process::Outcome outcome = run_apt(argv, mirror, configuration);
  if (!outcome.ok() && !request.preferred.empty()) {  // old versions that no longer go together
    support::write_file_atomically(folder + "/etc/preferences", "");
    outcome = run_apt(argv, mirror, configuration);
  }
  if (!outcome.ok()) {
    if (outcome.exit_code == 100) return conflict_of(outcome);
    throw apt_error(ErrorCode::kDebTool, "apt-get " + process::describe(outcome), outcome);
  }
  auto debs = identify(lists, printed_uris(outcome.out));
  if (!from_folder) answers.keep(request, debs);
  return debs;
}

std::vector<std::string> AptDebSource::fetch(const DebMirror& mirror, const std::vector<ResolvedDeb>& debs,
                                             const std::string& cache_dir) {
  const auto place = [&](const ResolvedDeb& deb) {
    return fs::path(cache_dir) / deb.sha256 / fs::path(deb.filename).filename();
  };
  std::vector<const ResolvedDeb*> missing;
  for (const ResolvedDeb& deb : debs) {
    // Bytes that are already there are believed for their hash only.
    if (!fs::exists(place(deb)) || support::sha256_file_hex(place(deb).string()) != deb.sha256) missing.push_back(&deb);
  }
  if (!missing.empty()) download(mirror, missing, cache_dir);
  std::vector<std::string> paths;
  for (const ResolvedDeb& deb : debs) paths.push_back(place(deb).string());
  return paths;
}

void AptDebSource::download(const DebMirror& mirror, const std::vector<const ResolvedDeb*>& debs,
                            const std::string& cache_dir) {
  fs::create_directories(cache_dir);
  const support::TempDir folder("envforge-debs-");
  for (const char* part : {"state/lists/partial", "cache/archives/partial", "etc"})
    fs::create_directories(folder.path() / part);
  const support::TempDir arrivals("arriving-", cache_dir);  // a whole file enters the cache by a rename
  const std::string configuration = (folder.path() / "apt.conf").string();
  support::write_file_atomically(configuration, apt_configuration(mirror, folder.path().string()));
  std::vector<std::string> argv{settings_.helper, "download-file"};
  process::Outcome outcome;
  for (const ResolvedDeb* deb : debs) {
    const fs::path target = arrivals.path() / deb->sha256;
    if (deb->suite == kFolderSuite) {
      const fs::path source = fs::path(mirror.debs_dir) / fs::path(deb->filename).filename();
      if (fs::exists(source)) fs::copy_file(source, target);
      continue;
    }
    argv.insert(argv.end(), {mirror_of(mirror, deb->suite) + "/" + url_path(deb->filename), target.string()});
  }
  if (argv.size() > 2) outcome = run_apt(argv, mirror, configuration);
  std::optional<Error> problem;
  for (const ResolvedDeb* deb : debs) {
    const fs::path target = arrivals.path() / deb->sha256;
    const std::string what = deb->name + " " + deb->version + " (" + fs::path(deb->filename).filename().string() + ")";
    if (!fs::exists(target)) {
      const bool gone = deb->suite == kFolderSuite || outcome.err.find("404") != std::string::npos;
      if (problem) continue;
      problem = gone ? Error(ErrorCode::kDebGone, (deb->suite == kFolderSuite ? "the folder " + mirror.debs_dir
                                                                              : std::string("the mirror")) +
                                                      " no longer has " + what)
                     : apt_error(ErrorCode::kDebMirror, what + " cannot be fetched", outcome);
      continue;
    }
    const std::string digest = support::sha256_file_hex(target.string());
    if (digest != deb->sha256) {
      problem = Error(ErrorCode::kDebDigest, what + " has sha256 " + digest + ", the lock says " + deb->sha256);
      break;
    }
    const fs::path kept = fs::path(cache_dir) / deb->sha256 / fs::path(deb->filename).filename();
    fs::create_directories(kept.parent_path());
    fs::rename(target, kept);
  }
  if (problem) throw *problem;
}

}  // namespace envforge::packages
