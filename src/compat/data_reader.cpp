#include "data_reader.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <envforge/compat/machine_code.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/versions/date.hpp>
#include <envforge/versions/version_range.hpp>

#include "row_reader.hpp"

namespace envforge::compat {
namespace {

using support::Error;
using support::ErrorCode;
using support::JsonReader;

KnownList read_code_list(RowReader& row, JsonReader& reader, const std::string& key, bool ptx) {
  KnownList list;
  if (!reader.value().contains(key) || reader.raw(key).is_null()) return list;
  list.known = true;
  list.verified = true;
  std::vector<std::string> names = reader.strings(key);
  for (const std::string& name : names) {
    const auto target = parse_code_target(name);
    if (!target || target->ptx != ptx)
      reader.fail("'" + name + "' is no " + (ptx ? "PTX" : "machine code") + " target", key);
  }
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    const auto x = *parse_code_target(a), y = *parse_code_target(b);
    return std::tuple(x.major, x.minor, x.suffix) < std::tuple(y.major, y.minor, y.suffix);
  });
  list.names = row.keep(names);
  return list;
}

/// Where the machine code was read: the wheel of one platform may have been opened and that of another not.
Evidence code_evidence(RowReader& row, JsonReader& reader, const std::string& name) {
  Evidence evidence = row.evidence(reader, name, "platform");
  for (const std::string_view field : evidence.unverified) {
    if (field != "sass" && field != "ptx" && field != "platform")
      reader.fail("'" + std::string(field) + "' is no field that can be unverified here", "unverified");
  }
  return evidence;
}

std::vector<BuildPlatform> read_platforms(RowReader& row, JsonReader& build, const std::string& row_name) {
  std::vector<BuildPlatform> platforms;
  JsonReader members = build.object("platforms");
  std::vector<std::string> names;
  members.members([&](const std::string& name, const nlohmann::json&) { names.push_back(name); });
  if (names.empty()) build.fail("a build needs a platform", "platforms");
  for (const std::string& name : names) {
    if (name != "linux/amd64" && name != "linux/arm64") members.fail("unknown platform '" + name + "'", name);
    JsonReader reader = members.object(name);
    BuildPlatform platform;
    platform.platform = row.keep(name);
    platform.on_pypi = reader.boolean("pypi");
    platform.min_glibc = row.version(reader, "min_glibc");
    platform.sass = read_code_list(row, reader, "sass", false);
    platform.ptx = read_code_list(row, reader, "ptx", true);
    platform.linalg_sass = read_code_list(row, reader, "linalg_sass", false);
    if (platform.sass.known || platform.ptx.known || reader.has("sources") || reader.has("unverified")) {
      platform.evidence = code_evidence(row, reader, row_name + ", " + name);
      platform.sass.verified = platform.sass.known && !platform.evidence.is_unverified("sass");
      platform.ptx.verified = platform.ptx.known && !platform.evidence.is_unverified("ptx");
      platform.verified = !platform.evidence.is_unverified("platform");
    }
    reader.finish();
    platforms.push_back(platform);
  }
  return platforms;
}

Build read_build(RowReader& row, JsonReader reader, const std::string& release) {
  Build build;
  const std::string variant = reader.string("cuda_variant");
  const versions::Version cuda = versions::Version::of(row.version(reader, "cuda"));
  if (variant != "cu" + std::to_string(cuda.major()) + std::to_string(cuda.minor())) {
    reader.fail("'" + variant + "' is not the variant of CUDA " + cuda.text(), "cuda_variant");
  }
  build.cuda_variant = row.keep(variant);
  build.cuda = row.keep(cuda.text());
  build.python = row.versions(reader, "python");
  if (reader.has("free_threaded")) build.free_threaded = row.free_threaded(reader, "free_threaded");
  std::vector<BuildPlatform> platforms = read_platforms(row, reader, release + " " + variant);
  build.cudnn = row.version_or_none(reader, "cudnn");
  build.nccl = row.version_or_none(reader, "nccl");
  build.cublas = row.version_or_none(reader, "cublas");
  build.bundled = reader.boolean("bundled");
  build.cxx11_abi = static_cast<int>(reader.integer("cxx11_abi"));
  build.cxx_standard = static_cast<int>(reader.integer("cxx_standard"));
  std::vector<Requirement> pins;
  if (reader.has("pins")) {
    JsonReader members = reader.object("pins");
    std::vector<std::string> packages;
    members.members([&](const std::string& package, const nlohmann::json&) { packages.push_back(package); });
    for (const std::string& package : packages) pins.push_back({row.keep(package), row.version(members, package)});
    reader.string("pins_from");  // names the lock file for whoever checks the row again
  }
  row.owned().pins.push_back(std::move(pins));
  build.pins = row.owned().pins.back();
  build.evidence = row.evidence(reader, release + " " + variant);
  for (BuildPlatform& platform : platforms) {
    if (platform.evidence.sources.empty()) platform.evidence = build.evidence;
  }
  row.owned().platforms.push_back(std::move(platforms));
  build.platforms = row.owned().platforms.back();
  reader.finish();
  return build;
}

void read_releases(RowReader& row, JsonReader& file) {
  std::set<std::string> seen;
  auto& owned = row.owned();
  owned.tables.index_base = row.keep(file.string("index_base"));
  for (JsonReader& reader : file.objects("releases")) {
    Release release;
    const std::string version(row.version(reader, "version"));
    if (!seen.insert(version).second) reader.fail("torch " + version + " has two rows", "version");
    release.version = row.keep(version);
    release.date = row.date(reader, "date");
    release.torchvision = row.version_or_none(reader, "torchvision");
    release.torchaudio = row.version_or_none(reader, "torchaudio");
    release.triton = row.version_or_none(reader, "triton");
    release.triton_python = row.keep(reader.string_or("triton_python", ""));
    if (!release.triton_python.empty() && !versions::VersionRange::parse(release.triton_python)) {
      reader.fail("'" + std::string(release.triton_python) + "' is no range of versions", "triton_python");
    }
    if (reader.has("torchvision_python")) release.torchvision_python = row.versions(reader, "torchvision_python");
    if (reader.has("torchaudio_python")) release.torchaudio_python = row.versions(reader, "torchaudio_python");
    if (reader.has("torchaudio_cuda")) release.torchaudio_cuda = row.versions(reader, "torchaudio_cuda");
    std::vector<Build> builds;
    for (const JsonReader& build : reader.objects("builds")) builds.push_back(read_build(row, build, version));
    if (builds.empty()) reader.fail("a release needs a build", "builds");
    newest_first(builds, &Build::cuda);
    for (std::size_t i = 1; i < builds.size(); ++i) {
      if (builds[i].cuda == builds[i - 1].cuda)
        reader.fail("two builds for CUDA " + std::string(builds[i].cuda), "builds");
    }
    owned.builds.push_back(std::move(builds));
    release.builds = owned.builds.back();
    release.evidence = row.evidence(reader, version);
    reader.finish();
    owned.releases.push_back(release);
  }
  newest_first(owned.releases, &Release::version);
  if (file.has("known_bad")) read_known_bad(row, file);
}

std::string digest_of(const std::map<std::string, nlohmann::json>& parsed) {
  support::Sha256 digest;
  for (const auto& [name, value] : parsed) digest.update(name + "\n" + support::canonical_json(value) + "\n");
  const auto bytes = digest.finish();
  return "sha256:" + support::to_hex(bytes.data(), bytes.size());
}

// A name in one file that must be a row of another.
void check_references(const OwnedTables& owned) {
  const auto need = [](bool found, const Evidence& row, const std::string& what) {
    if (found) return;
    throw Error(ErrorCode::kDataReference,
                std::string(row.file) + ": " + std::string(row.row) + " names " + what + ", which has no row");
  };
  std::set<std::string_view> branches, architectures, toolkits;
  std::set<int> majors;
  for (const auto& row : owned.branches) branches.insert(row.branch);
  for (const auto& row : owned.architectures) architectures.insert(row.cc);
  for (const auto& row : owned.toolkits) toolkits.insert(row.version);
  for (const auto& row : owned.majors) majors.insert(row.major);
  for (const auto& row : owned.architectures) {
    const bool open = row.last_driver_branch.empty();
    need(open || branches.contains(row.last_driver_branch), row.evidence, std::string(row.last_driver_branch));
  }
  for (const auto& row : owned.forward_compat) {
    need(toolkits.contains(row.cuda), row.evidence, "the toolkit " + std::string(row.cuda));
    for (const auto branch : row.branches) need(branches.contains(branch), row.evidence, std::string(branch));
  }
  for (const auto& row : owned.gpus) {
    need(architectures.contains(row.cc), row.evidence, "compute capability " + std::string(row.cc));
    for (const auto& first : row.first_listed)
      need(branches.contains(first.branch), row.evidence, std::string(first.branch));
  }
  for (const auto& release : owned.releases) {
    for (const auto& build : release.builds) {
      const auto cuda = versions::Version::of(build.cuda);
      // Before CUDA 11 there is no minor-version compatibility: the driver of the toolkit is the floor.
      const int major = static_cast<int>(cuda.major());
      need(major < 11 || majors.contains(major), build.evidence, "CUDA " + std::to_string(major));
      need(toolkits.contains(build.cuda), build.evidence, "the toolkit " + std::string(build.cuda));
    }
  }
}

// The newest date of the data is the cutoff that a lock writes down, so it must be a day: "2026-11" would make locks
// that nobody can read again.
// No source was checked after it.
void check_as_of(const OwnedTables& owned) {
  const std::string as_of(owned.tables.as_of);
  if (!versions::parse_day(as_of))
    throw Error(ErrorCode::kDataMalformed,
                "the newest `as_of` of the data is the month " + as_of + ", and locks need a day", std::nullopt,
                "write the day on which the data was last checked, such as " + as_of + "-01");
  for (const auto& sources : owned.sources) {
    for (const SourceText& source : sources) {
      if (source.checked <= as_of) continue;
      throw Error(ErrorCode::kDataMalformed,
                  "the source '" + std::string(source.title) + "' was checked on " + std::string(source.checked) +
                      ", after the newest `as_of` of the data, " + as_of,
                  std::nullopt, "mend the date, or set `as_of` to the day on which the data was last checked");
    }
  }
}

}  // namespace

const std::vector<std::string>& data_file_names() {
  static const std::vector<std::string> names = {"bases.json", "cuda.json",    "cudnn.json", "drivers.json",
                                                 "gpus.json",  "pytorch.json", "topics.json"};
  return names;
}

std::shared_ptr<const OwnedTables> read_tables(const std::vector<DataFile>& files) {
  std::map<std::string, nlohmann::json> parsed;
  for (const DataFile& file : files) {
    auto content = support::parse_json(file.text, file.name, ErrorCode::kDataMalformed);
    if (!parsed.emplace(file.name, std::move(content)).second)
      throw Error(ErrorCode::kDataMalformed, file.name + " was given twice");
  }
  return read_tables(parsed);
}

std::shared_ptr<const OwnedTables> read_tables(const std::map<std::string, nlohmann::json>& parsed) {
  using Reading = std::function<void(RowReader&, JsonReader&)>;
  const std::map<std::string, Reading> readings = {{"bases.json", read_bases},  {"cuda.json", read_cuda},
                                                   {"cudnn.json", read_cudnn},  {"drivers.json", read_drivers},
                                                   {"gpus.json", read_gpus},    {"pytorch.json", read_releases},
                                                   {"topics.json", read_topics}};
  auto owned = std::make_shared<OwnedTables>();
  for (const auto& [name, content] : parsed) {
    const auto reading = readings.find(name);
    if (reading == readings.end()) throw Error(ErrorCode::kDataMalformed, "unknown file of the data: " + name);
    JsonReader reader(content, name, ErrorCode::kDataMalformed);
    RowReader row(*owned, name, reader);
    reading->second(row, reader);
    reader.finish();
  }
  for (const std::string& name : data_file_names()) {
    if (!parsed.contains(name)) throw Error(ErrorCode::kDataMalformed, "the data lacks " + name);
  }
  check_references(*owned);
  check_as_of(*owned);
  owned->texts.push_back(digest_of(parsed));
  Tables& tables = owned->tables;
  tables.digest = owned->texts.back();
  tables.releases = owned->releases;
  tables.majors = owned->majors;
  tables.compilers = owned->compilers;
  tables.toolkits = owned->toolkits;
  tables.not_published = owned->not_published;
  tables.architectures = owned->architectures;
  tables.branches = owned->branches;
  tables.forward_compat = owned->forward_compat;
  tables.gpus = owned->gpus;
  tables.cudnn_floors = owned->cudnn_floors;
  tables.bases = owned->bases;
  tables.without_glibc = owned->without_glibc;
  tables.known_bad = owned->known_bad;
  tables.topics = owned->topics;
  tables.image_tags = owned->image_tags;
  return owned;
}

}  // namespace envforge::compat
