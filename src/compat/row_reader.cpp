#include "row_reader.hpp"

#include <set>

#include <envforge/support/text.hpp>
#include <envforge/versions/date.hpp>
#include <envforge/versions/version_range.hpp>

namespace envforge::compat {
namespace {

using support::Error;
using support::ErrorCode;
using support::JsonReader;

constexpr int kDataSchemaVersion = 2;

bool is_date(std::string_view text) {
  const bool month = text.size() == std::string_view("2026-11").size();
  return versions::parse_day(month ? std::string(text) + "-01" : std::string(text)).has_value();
}

bool is_branch(std::string_view text) {
  return text.size() == 4 && text[0] == 'R' && text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

// One row for a name, or the file is wrong.
void only_once(std::set<std::string>& seen, const JsonReader& reader, std::string_view name) {
  if (!seen.insert(std::string(name)).second) reader.fail("'" + std::string(name) + "' has two rows");
}

}  // namespace

RowReader::RowReader(OwnedTables& owned, const std::string& file, JsonReader& reader)
    : owned_(&owned), file_("compat/" + file) {
  const std::string schema = "envforge/compat/" + file.substr(0, file.find('.'));
  if (reader.string("schema") != schema) reader.fail("expected the schema '" + schema + "'", "schema");
  const auto number = reader.integer("schema_version");
  if (number > kDataSchemaVersion) {
    throw Error(ErrorCode::kDataTooNew, file + " has schema version " + std::to_string(number) +
                                            "; this program reads " + std::to_string(kDataSchemaVersion));
  }
  if (number != kDataSchemaVersion)
    reader.fail("expected schema version " + std::to_string(kDataSchemaVersion), "schema_version");
  reader.string("about");
  const std::string_view as_of = date(reader, "as_of");
  owned_->tables.as_of = std::max(owned_->tables.as_of, as_of);
  JsonReader members = reader.object("sources");
  std::vector<std::string> keys;
  members.members([&](const std::string& key, const nlohmann::json&) { keys.push_back(key); });
  for (const std::string& key : keys) {
    JsonReader source = members.object(key);
    const std::string_view title = keep(source.string("title"));
    const std::string_view reference = keep(source.string("reference"));
    if (title.empty() || reference.empty()) source.fail("a source needs a title and a reference");
    const std::string kind = source.string("kind");
    if (kind != "artifact" && kind != "document")
      source.fail("expected artifact or document, found '" + support::printable(kind) + "'", "kind");
    sources_[key] = {title, reference, date(source, "checked"),
                     kind == "artifact" ? SourceKind::kArtifact : SourceKind::kDocument};
    source.finish();
  }
}

std::string_view RowReader::keep(std::string text) {
  return owned_->texts.emplace_back(std::move(text));
}

Names RowReader::keep(const std::vector<std::string>& texts) {
  std::vector<std::string_view> views;
  views.reserve(texts.size());
  for (const std::string& text : texts) views.push_back(keep(text));
  return owned_->names.emplace_back(std::move(views));
}

std::string_view RowReader::version(JsonReader& reader, const std::string& key) {
  const std::string text = reader.string(key);
  if (!versions::Version::parse(text)) reader.fail("'" + support::printable(text) + "' is no version", key);
  return keep(text);
}

std::string_view RowReader::version_or_none(JsonReader& reader, const std::string& key) {
  return reader.maybe_string(key) ? version(reader, key) : std::string_view();
}

Names RowReader::versions(JsonReader& reader, const std::string& key) {
  std::vector<std::string> texts = reader.strings(key);
  if (texts.empty()) reader.fail("an empty list of versions", key);
  for (const std::string& text : texts) {
    if (!versions::Version::parse(text)) reader.fail("'" + support::printable(text) + "' is no version", key);
  }
  std::sort(texts.begin(), texts.end(), [](const std::string& a, const std::string& b) {
    return versions::Version::of(a) < versions::Version::of(b);
  });
  if (std::adjacent_find(texts.begin(), texts.end()) != texts.end()) reader.fail("a version stands twice", key);
  return keep(texts);
}

Names RowReader::free_threaded(JsonReader& reader, const std::string& key) {
  std::vector<std::string> texts = reader.strings(key);
  const auto number = [](const std::string& text) { return versions::Version::parse(text.substr(0, text.size() - 1)); };
  for (const std::string& text : texts) {
    if (text.empty() || text.back() != 't' || !number(text))
      reader.fail("expected a Python such as 3.13t, found '" + support::printable(text) + "'", key);
  }
  std::sort(texts.begin(), texts.end(),
            [&](const std::string& a, const std::string& b) { return *number(a) < *number(b); });
  return keep(texts);
}

std::string_view RowReader::date(JsonReader& reader, const std::string& key) {
  const std::string text = reader.string(key);
  if (!is_date(text))
    reader.fail("expected a date like 2026-11-21 or 2026-11, found '" + support::printable(text) + "'", key);
  return keep(text);
}

std::string_view RowReader::branch(JsonReader& reader, const std::string& key) {
  const auto text = reader.maybe_string(key);
  if (!text) return {};
  if (!is_branch(*text))
    reader.fail("expected a driver branch like R535, found '" + support::printable(*text) + "'", key);
  return keep(*text);
}

Evidence RowReader::evidence(JsonReader& reader, const std::string& row, std::string_view about) {
  Evidence evidence;
  evidence.file = keep(file_);
  evidence.row = keep(row);
  std::vector<SourceText> sources;
  for (const std::string& key : reader.strings("sources")) {
    const auto source = sources_.find(key);
    if (source == sources_.end()) {
      throw Error(ErrorCode::kDataReference, file_ + ": " + row + " names the source '" + key + "', which has no row");
    }
    sources.push_back(source->second);
  }
  if (sources.empty()) reader.fail("a row needs a source", "sources");
  // The first is the one that is shown, so the row is never shown weaker than it is.
  const auto weaker = [](const SourceText& a, const SourceText& b) { return a.kind < b.kind; };
  if (!std::is_sorted(sources.begin(), sources.end(), weaker))
    reader.fail("a document stands before an artifact: the strongest source comes first", "sources");
  evidence.sources = owned_->sources.emplace_back(std::move(sources));
  std::vector<std::string> unverified;
  if (reader.has("unverified")) unverified = reader.strings("unverified");
  for (const std::string& field : unverified) {
    if (!reader.has(field) && field != about)
      reader.fail("'" + support::printable(field) + "' is null or no field of this row: there is nothing to doubt",
                  "unverified");
  }
  std::sort(unverified.begin(), unverified.end());
  evidence.unverified = keep(unverified);
  return evidence;
}

void read_bases(RowReader& row, JsonReader& file) {
  std::set<std::string> seen;
  for (JsonReader& reader : file.objects("bases")) {
    const std::string name = reader.string("name");
    only_once(seen, reader, name);
    Base base{row.keep(name),
              row.keep(reader.string("suite")),
              row.version(reader, "glibc"),
              row.version(reader, "python"),
              row.version_or_none(reader, "gcc"),
              {}};
    base.evidence = row.evidence(reader, name);
    reader.finish();
    row.owned().bases.push_back(base);
  }
  // By distribution, its newest release first.
  const auto order = [](const Base& base) {
    const auto colon = std::min(base.name.find(':'), base.name.size());
    const auto release = versions::Version::parse(base.name.substr(std::min(colon + 1, base.name.size())));
    return std::pair(base.name.substr(0, colon), release.value_or(versions::Version()));
  };
  std::sort(row.owned().bases.begin(), row.owned().bases.end(), [&](const Base& a, const Base& b) {
    const auto x = order(a), y = order(b);
    if (x.first != y.first) return x.first < y.first;
    return x.second != y.second ? x.second > y.second : a.name < b.name;
  });
  seen.clear();
  for (JsonReader& reader : file.objects("without_glibc")) {
    const std::string word = reader.string("word");
    only_once(seen, reader, word);
    WithoutGlibc other{row.keep(word), row.keep(reader.string("fact")), row.evidence(reader, word)};
    reader.finish();
    row.owned().without_glibc.push_back(other);
  }
  std::sort(row.owned().without_glibc.begin(), row.owned().without_glibc.end(),
            [](const WithoutGlibc& a, const WithoutGlibc& b) { return a.word < b.word; });
}

void read_cuda(RowReader& row, JsonReader& file) {
  OwnedTables& owned = row.owned();
  std::set<std::string> seen;
  for (JsonReader& reader : file.objects("majors")) {
    CudaMajor major{static_cast<int>(reader.integer("major")), row.version(reader, "driver_floor"), {}};
    only_once(seen, reader, "major " + std::to_string(major.major));
    major.evidence = row.evidence(reader, "CUDA " + std::to_string(major.major));
    reader.finish();
    owned.majors.push_back(major);
  }
  for (JsonReader& reader : file.objects("compilers")) {
    CompilerWheels compiler{static_cast<int>(reader.integer("major")), row.keep(reader.strings("wheels")), {}};
    only_once(seen, reader, "compiler " + std::to_string(compiler.major));
    compiler.evidence = row.evidence(reader, "nvcc for CUDA " + std::to_string(compiler.major));
    reader.finish();
    owned.compilers.push_back(compiler);
  }
  const auto by_major = [](const auto& a, const auto& b) { return a.major < b.major; };
  std::sort(owned.majors.begin(), owned.majors.end(), by_major);
  std::sort(owned.compilers.begin(), owned.compilers.end(), by_major);
  for (JsonReader& reader : file.objects("toolkits")) {
    Toolkit toolkit{row.version(reader, "version"),
                    row.version(reader, "bundled_driver"),
                    row.version_or_none(reader, "host_gcc_max"),
                    {}};
    only_once(seen, reader, toolkit.version);
    toolkit.evidence = row.evidence(reader, "toolkit " + std::string(toolkit.version));
    reader.finish();
    owned.toolkits.push_back(toolkit);
  }
  newest_first(owned.toolkits, &Toolkit::version);
  for (JsonReader& reader : file.objects("not_published")) {
    NotPublished missing{row.version(reader, "version"), row.keep(reader.string("fact")), {}};
    only_once(seen, reader, missing.version);
    missing.evidence = row.evidence(reader, "toolkit " + std::string(missing.version));
    reader.finish();
    owned.not_published.push_back(missing);
  }
  newest_first(owned.not_published, &NotPublished::version);
  for (JsonReader& reader : file.objects("architectures")) {
    Architecture architecture;
    architecture.cc = row.version(reader, "cc");
    only_once(seen, reader, "cc " + std::string(architecture.cc));
    architecture.name = row.keep(reader.string("name"));
    architecture.first_cuda = row.version(reader, "first_cuda");
    architecture.last_cuda = row.version_or_none(reader, "last_cuda");
    architecture.tegra = reader.boolean("tegra");
    architecture.last_driver_branch = row.branch(reader, "last_driver_branch");
    architecture.evidence = row.evidence(reader, "compute capability " + std::string(architecture.cc));
    reader.finish();
    owned.architectures.push_back(architecture);
  }
  newest_first(owned.architectures, &Architecture::cc);
}

void read_cudnn(RowReader& row, JsonReader& file) {
  for (JsonReader& reader : file.objects("floors")) {
    CudnnFloor floor{row.version(reader, "from"), row.version(reader, "min_cc"), row.keep(reader.string("fact")), {}};
    floor.evidence = row.evidence(reader, "from " + std::string(floor.from));
    reader.finish();
    row.owned().cudnn_floors.push_back(floor);
  }
  newest_first(row.owned().cudnn_floors, &CudnnFloor::from);
}

void read_drivers(RowReader& row, JsonReader& file) {
  std::set<std::string> seen;
  for (JsonReader& reader : file.objects("branches")) {
    DriverBranch branch;
    branch.branch = row.branch(reader, "branch");
    only_once(seen, reader, branch.branch);
    branch.max_cuda = row.version(reader, "max_cuda");
    branch.evidence = row.evidence(reader, std::string(branch.branch));
    reader.finish();
    row.owned().branches.push_back(branch);
  }
  std::sort(row.owned().branches.begin(), row.owned().branches.end(),
            [](const DriverBranch& a, const DriverBranch& b) { return a.branch > b.branch; });
  for (JsonReader& reader : file.objects("forward_compat")) {
    ForwardCompat forward;
    forward.cuda = row.version(reader, "cuda");
    only_once(seen, reader, forward.cuda);
    std::vector<std::string> branches = reader.strings("branches");
    std::sort(branches.begin(), branches.end());
    forward.branches = row.keep(branches);
    forward.evidence = row.evidence(reader, "forward compatibility of CUDA " + std::string(forward.cuda));
    reader.finish();
    row.owned().forward_compat.push_back(forward);
  }
  newest_first(row.owned().forward_compat, &ForwardCompat::cuda);
}

namespace {

// In their own order: what was looked up stands before what a list says.
void read_image_tags(RowReader& row, JsonReader& file) {
  if (!file.has("image_tags")) return;  // the data of before has none
  std::set<std::string> seen;
  for (JsonReader& reader : file.objects("image_tags")) {
    ImageTags tags;
    const std::string id = reader.string("id");
    only_once(seen, reader, id);
    tags.id = row.keep(id);
    tags.repository = row.keep(reader.string("repository"));
    tags.versions = row.keep(reader.strings("versions"));
    tags.flavours = row.keep(reader.strings("flavours"));
    tags.systems = row.keep(reader.strings("systems"));
    if (tags.versions.empty()) reader.fail("a row of tags needs a version", "versions");
    if (tags.flavours.empty() && !tags.systems.empty()) reader.fail("systems without flavours", "systems");
    if (!reader.raw("exists").is_null()) tags.exists = reader.boolean("exists");
    tags.fact = row.keep(reader.string("fact"));
    tags.evidence = row.evidence(reader, id);
    reader.finish();
    row.owned().image_tags.push_back(tags);
  }
}

}  // namespace

void read_topics(RowReader& row, JsonReader& file) {
  std::set<std::string> seen;
  for (JsonReader& reader : file.objects("topics")) {
    Topic topic;
    const std::string id = reader.string("id");
    only_once(seen, reader, id);
    topic.id = row.keep(id);
    const std::vector<std::string> patterns = reader.strings("patterns");
    for (const std::string& pattern : patterns) {
      if (pattern.empty() || pattern != support::to_lower(pattern))
        reader.fail("a pattern is in lower case", "patterns");
    }
    if (patterns.empty()) reader.fail("a topic needs a pattern", "patterns");
    topic.patterns = row.keep(patterns);
    topic.answer = row.keep(reader.string("answer"));
    topic.no_such_tag = reader.has("no_such_tag") && reader.boolean("no_such_tag");
    topic.evidence = row.evidence(reader, id);
    reader.finish();
    row.owned().topics.push_back(topic);
  }
  std::sort(row.owned().topics.begin(), row.owned().topics.end(),
            [](const Topic& a, const Topic& b) { return a.id < b.id; });
  read_image_tags(row, file);
}

void read_known_bad(RowReader& row, JsonReader& file) {
  std::set<std::string> seen;
  for (JsonReader& reader : file.objects("known_bad")) {
    KnownBad bad;
    const std::string id = reader.string("id");
    only_once(seen, reader, id);
    bad.id = row.keep(id);
    const auto range = [&](const std::string& key) {
      const std::string text = reader.string_or(key, "");
      if (!text.empty() && !versions::VersionRange::parse(text))
        reader.fail("'" + support::printable(text) + "' is no range of versions", key);
      return row.keep(text);
    };
    bad.torch = range("torch");
    bad.cuda = range("cuda");
    bad.cudnn = range("cudnn");
    bad.nccl = range("nccl");
    bad.gpu = range("gpu");
    bad.platform = row.keep(reader.string_or("platform", ""));
    if (bad.torch.empty() && bad.cudnn.empty() && bad.nccl.empty())
      reader.fail("a known bad pair needs a range of torch, cudnn or nccl");
    bad.fact = row.keep(reader.string("fact"));
    bad.evidence = row.evidence(reader, "known bad: " + id);
    reader.finish();
    row.owned().known_bad.push_back(bad);
  }
  std::sort(row.owned().known_bad.begin(), row.owned().known_bad.end(),
            [](const KnownBad& a, const KnownBad& b) { return a.id < b.id; });
}

void read_gpus(RowReader& row, JsonReader& file) {
  std::set<std::string> seen;
  OwnedTables& owned = row.owned();
  for (JsonReader& reader : file.objects("gpus")) {
    Gpu gpu;
    const std::string name = reader.string("name");
    only_once(seen, reader, name);
    gpu.name = row.keep(name);
    gpu.kind = row.keep(reader.string("class"));
    gpu.cc = row.version(reader, "cc");
    gpu.driver_names = row.keep(reader.strings("driver_names"));
    if (!reader.raw("forward_compat").is_null()) gpu.forward_compat = reader.boolean("forward_compat");
    std::vector<FirstListed> listed;
    JsonReader members = reader.object("first_listed");
    std::vector<std::string> branches;
    members.members([&](const std::string& branch, const nlohmann::json&) { branches.push_back(branch); });
    for (const std::string& branch : branches) listed.push_back({row.keep(branch), row.version(members, branch)});
    gpu.first_listed = owned.first_listed.emplace_back(std::move(listed));
    gpu.evidence = row.evidence(reader, name);
    reader.finish();
    owned.gpus.push_back(gpu);
  }
  std::sort(owned.gpus.begin(), owned.gpus.end(), [](const Gpu& a, const Gpu& b) {
    const auto x = versions::Version::of(a.cc), y = versions::Version::of(b.cc);
    return x != y ? x > y : a.name < b.name;
  });
}

}  // namespace envforge::compat
