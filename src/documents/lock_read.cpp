#include <algorithm>

#include <nlohmann/json.hpp>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/python_name.hpp>

#include "grammar_text.hpp"
#include "lock_json.hpp"
#include "spec_json.hpp"
#include "text_safety.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using grammar::digit;
using grammar::digits;
using grammar::lower;
using grammar::only;
using nlohmann::json;
using support::Error;
using support::ErrorCode;
using support::JsonReader;
using support::Where;

Refusal refuse(std::string_view word, std::string_view text, std::string_view expected) {
  return grammar::refusal(ErrorCode::kLockMalformed, word, text, expected);
}

Checked plain_version(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  if (!text.empty() && text.size() <= kLongest && digit(text.front()) && only(text, alnum, ".+!_-"))
    return std::nullopt;
  return refuse("version", text, "expected a version, such as 2.6.0");
}

Checked known_version_or_none(std::string_view text) {
  return text.empty() ? std::nullopt : plain_version(text);
}

Checked two_numbers(std::string_view text) {
  const auto dot = text.find('.');
  const bool fits = dot != std::string_view::npos && digits(text.substr(0, dot), 2) && digits(text.substr(dot + 1), 3);
  return fits ? std::nullopt : Checked(refuse("version", text, "expected MAJOR.MINOR"));
}

Checked cuda_variant(std::string_view text) {
  const bool fits = support::starts_with(text, "cu") && digits(text.substr(2), 4);
  return fits ? std::nullopt : Checked(refuse("CUDA variant", text, "expected a variant such as cu126"));
}

Checked require_cuda(std::string_view text) {
  constexpr std::string_view kStart = "cuda>=", kFrom = "driver>=", kBelow = ",driver<";
  const auto branch = [&](std::string_view part) {
    const auto comma = part.find(kBelow);
    return comma != std::string_view::npos && support::starts_with(part, kFrom) &&
           digits(part.substr(kFrom.size(), comma - kFrom.size()), 3) && digits(part.substr(comma + kBelow.size()), 3);
  };
  const auto parts = support::split(text, ' ');
  const bool fits = text.empty() || (support::starts_with(text, kStart) &&
                                     !two_numbers(std::string_view(parts.front()).substr(kStart.size())) &&
                                     std::all_of(parts.begin() + 1, parts.end(), branch));
  return fits
             ? std::nullopt
             : Checked(refuse("require_cuda", text, "expected cuda>=MAJOR.MINOR, then driver>=N,driver<N of branches"));
}

Checked architecture(std::string_view text) {
  std::string_view number = support::starts_with(text, "sm_") ? text.substr(3) : "";
  if (!number.empty() && (number.back() == 'a' || number.back() == 'f')) number.remove_suffix(1);
  return digits(number, 3) ? std::nullopt : Checked(refuse("GPU architecture", text, "expected sm_NN"));
}

Checked index_url(std::string_view text) {
  return text == "folder" ? std::nullopt : check_url(text, "index");
}

Checked wheel_index(std::string_view text) {
  return text == kBuiltHere ? std::nullopt : index_url(text);
}

Checked deb_filename(std::string_view text) {
  // '~' is part of Debian versions, but at the front of a path it would be a home folder.
  std::string plain(text);
  if (plain.size() > 1) std::replace(plain.begin() + 1, plain.end(), '~', '_');
  if (!support::ends_with(plain, ".deb")) return refuse("filename", text, "expected the name of a .deb");
  return check_relative_path(plain, "filename");
}

Checked suite(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const bool fits = !text.empty() && text.size() <= kLongest && lower(text.front()) && only(text, alnum, ".-");
  return fits ? std::nullopt : Checked(refuse("suite", text, "expected a suite such as bookworm-security, or folder"));
}

Checked data_digest(std::string_view text) {
  return check_sha256(text, true);
}
Checked file_digest(std::string_view text) {
  return check_sha256(text, false);
}
Checked date_or_none(std::string_view text) {
  return text.empty() ? std::nullopt : check_exclude_newer(text);
}

std::uint64_t size_of(JsonReader& reader) {
  constexpr std::int64_t kMost = 1LL << 42;
  const std::int64_t size = reader.integer("size");
  if (size < 0 || size > kMost) reader.fail("expected a size in bytes, found " + std::to_string(size), "size");
  return static_cast<std::uint64_t>(size);
}

int number_of(JsonReader& reader, const std::string& key, std::int64_t least, std::int64_t most) {
  const std::int64_t value = reader.integer(key);
  if (value < least || value > most) {
    reader.fail(
        "expected " + std::to_string(least) + " to " + std::to_string(most) + ", found " + std::to_string(value), key);
  }
  return static_cast<int>(value);
}

std::vector<LockedDeb> debs_of(JsonReader& reader, const std::string& key) {
  std::vector<LockedDeb> out;
  for (auto& element : reader.objects(key)) {
    LockedDeb deb;
    deb.name = checked_text(element, "name", check_deb_name);
    deb.version = checked_text(element, "version", check_deb_version);
    deb.architecture = one_of(element, "architecture", {"amd64", "arm64", "all"});
    deb.suite = checked_text(element, "suite", suite);
    deb.filename = checked_text(element, "filename", deb_filename);
    deb.sha256 = checked_text(element, "sha256", file_digest);
    deb.size = size_of(element);
    deb.foundation = element.boolean("foundation");
    element.finish();
    out.push_back(std::move(deb));
  }
  return out;
}

std::vector<LockedWheel> wheels_of(JsonReader& reader, const std::string& key) {
  std::vector<LockedWheel> out;
  for (auto& element : reader.objects(key)) {
    LockedWheel wheel;
    wheel.name = checked_text(element, "name", check_python_name);
    wheel.version = checked_text(element, "version", plain_version);
    wheel.filename = checked_text(element, "filename", check_wheel_filename);
    wheel.sha256 = checked_text(element, "sha256", file_digest);
    wheel.index = checked_text(element, "index", wheel_index);
    wheel.size = size_of(element);
    wheel.heavy = element.boolean("heavy");
    wheel.toolkit = element.boolean_or("toolkit", false);
    wheel.direct = element.boolean("direct");
    element.finish();
    out.push_back(std::move(wheel));
  }
  return out;
}

Checked sdist_filename_or_none(std::string_view text) {
  return text.empty() ? std::nullopt : check_relative_path(text, "filename");
}
Checked index_or_none(std::string_view text) {
  return text.empty() ? std::nullopt : index_url(text);
}
Checked file_digest_or_none(std::string_view text) {
  return text.empty() ? std::nullopt : file_digest(text);
}

std::vector<LockedBuild> builds_of(JsonReader& reader) {
  std::vector<LockedBuild> out;
  for (auto& element : reader.objects("builds")) {
    LockedBuild build;
    build.source = checked_text(element, "source", check_build_source);
    const SourceAddress source = parse_source(build.source);
    build.name = checked_text(element, "name", check_python_name);
    if (build.name != source.name) element.fail("the source is of '" + source.name + "'", "name");
    build.index = checked_text(element, "index", index_or_none);
    build.filename = checked_text(element, "filename", sdist_filename_or_none);
    if ((source.kind == SourceKind::kSdist) == build.index.empty() || build.index.empty() != build.filename.empty())
      element.fail("an sdist has an index and a file name, and no other source has them", "index");
    build.sha256 = checked_text(element, "sha256", file_digest_or_none);
    if ((source.kind == SourceKind::kGit) != build.sha256.empty())
      element.fail("a commit needs no hash, every other source does", "sha256");
    build.needs = checked_texts(element, "needs", check_build_need);
    build.architectures = checked_texts(element, "architectures", architecture);
    if (element.has("environment"))
      build.environment = checked_variables(element.object("environment"), check_build_variable_name);
    if (element.has("required_by")) build.required_by = checked_texts(element, "required_by", check_build_need);
    element.finish();
    out.push_back(std::move(build));
  }
  return out;
}

std::map<std::string, std::string> cutoffs_of(JsonReader reader) {
  std::map<std::string, std::string> out;
  reader.members([&](const std::string& name, const json&) { out[name]; });
  for (auto& [name, date] : out) {
    if (const auto refused = check_python_name(name)) reader.fail(refused->message, name);
    date = checked_text(reader, name, check_exclude_newer);
  }
  if (out.empty()) reader.fail("an empty object; expected packages, or no such member");
  reader.finish();
  return out;
}

LockedBase base_of(JsonReader reader) {
  LockedBase base;
  base.name = checked_text(reader, "name", check_base);
  const std::string kind = one_of(reader, "kind", {"registry", "bootstrap", "local"});
  base.kind = kind == "registry" ? BaseKind::kRegistry : kind == "local" ? BaseKind::kLocal : BaseKind::kBootstrap;
  base.reference = reader.string("reference");
  if (base.kind != BaseKind::kBootstrap) checked_text(reader, "reference", check_image_reference);
  if (base.kind == BaseKind::kBootstrap && !base.reference.empty())
    reader.fail("a bootstrapped base has no reference", "reference");
  base.digest = checked_text(reader, "digest", data_digest);
  base.glibc = checked_text(reader, "glibc", two_numbers);
  base.debs = debs_of(reader, "debs");
  reader.finish();
  return base;
}

std::vector<Choice> choices_of(JsonReader& reader) {
  std::vector<Choice> out;
  for (auto& element : reader.objects("choices")) {
    out.push_back(
        {element.string("component"), element.string("version"), element.string("reason"), element.string("source")});
    element.finish();
  }
  return out;
}

// A file of a site is named, never placed.
Checked archive_place(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return check_url(text, "url");
  if (text.find('/') != std::string_view::npos)
    return refuse("url", text, "expected an https address or a file's name");
  return check_relative_path(text, "url");
}

PythonArchive archive_of(JsonReader reader, const std::string& platform, const LockedPlatform& locked) {
  PythonArchive python;
  python.version = checked_text(reader, "version", check_python_release);
  python.platform = platform;
  python.url = checked_text(reader, "url", archive_place);
  python.sha256 = checked_text(reader, "sha256", file_digest);
  python.glibc = checked_text(reader, "glibc", check_glibc);
  if (versions::python_series(python.version) != locked.python)
    reader.fail("the archive has Python " + python.version + ", the lock is for " + locked.python, "version");
  reader.finish();
  return python;
}

LockedPlatform platform_of(JsonReader reader, const std::string& name) {
  LockedPlatform platform;
  platform.base = base_of(reader.object("base"));
  platform.python = checked_text(reader, "python", check_python_series);
  platform.torch = checked_text(reader, "torch", plain_version);
  platform.cuda_variant = checked_text(reader, "cuda_variant", cuda_variant);
  platform.cuda = checked_text(reader, "cuda", two_numbers);
  platform.cudnn = checked_text(reader, "cudnn", known_version_or_none);
  platform.nccl = checked_text(reader, "nccl", known_version_or_none);
  platform.torch_index = checked_text(reader, "torch_index", index_url);
  platform.require_cuda = checked_text(reader, "require_cuda", require_cuda);
  platform.cxx11_abi = number_of(reader, "cxx11_abi", 0, 1);
  platform.cxx_standard = number_of(reader, "cxx_standard", 14, 26);
  platform.gpu_architectures = checked_texts(reader, "gpu_architectures", architecture);
  platform.choices = choices_of(reader);
  platform.wheels = wheels_of(reader, "wheels");
  platform.tools = wheels_of(reader, "tools");
  platform.debs = debs_of(reader, "debs");
  platform.builder_debs = debs_of(reader, "builder_debs");
  if (reader.has("builds")) platform.builds = builds_of(reader);
  if (reader.has("python_archive"))
    platform.python_archive = archive_of(reader.object("python_archive"), name, platform);
  if (versions::is_free_threaded(platform.python) && !platform.python_archive)
    reader.fail("Python " + platform.python + " comes from an archive, and there is none", "python");
  if (reader.has("build_wheels")) platform.build_wheels = wheels_of(reader, "build_wheels");
  reader.finish();
  return platform;
}

std::string pointer_token(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return out;
}

// Strings of a lock reach terminals, Dockerfiles and command lines: one line of visible characters each.
void check_texts(const json& value, const std::string& file, const std::string& pointer) {
  constexpr std::size_t kLongest = 8192;
  constexpr std::size_t kMostEntries = 20000;
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorCode::kLockMalformed, why, Where{file, 0, 0, pointer});
  };
  const auto check = [&](const std::string& text) {
    if (text.size() > kLongest) fail("a text of " + std::to_string(text.size()) + " bytes; expected at most 8192");
    if (const auto unsafe = find_unsafe(text, TextKind::kLine)) fail("a text holds " + unsafe->name);
  };
  if (value.is_string()) check(value.get_ref<const std::string&>());
  if (value.is_structured() && value.size() > kMostEntries) fail("more than 20000 entries");
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) check_texts(value[i], file, pointer + "/" + std::to_string(i));
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      check(key);
      check_texts(member, file, pointer + "/" + pointer_token(key));
    }
  }
}

void check_version_and_digest(json& document, const std::string& file) {
  const auto fail = [&](ErrorCode code, const std::string& why, const char* pointer) {
    throw Error(code, why, Where{file, 0, 0, pointer});
  };
  if (!document.is_object()) fail(ErrorCode::kLockMalformed, "expected an object", "");
  JsonReader head(document, file, ErrorCode::kLockMalformed);
  if (head.string("schema") != "envforge/lock")
    fail(ErrorCode::kLockMalformed, "expected the schema envforge/lock", "/schema");
  const std::int64_t version = head.integer("schema_version");
  if (version > kLockSchemaVersion) {
    fail(ErrorCode::kLockTooNew,
         "schema_version " + std::to_string(version) + ": this envforge reads " + std::to_string(kLockSchemaVersion),
         "/schema_version");
  }
  if (version < 1)
    fail(ErrorCode::kLockMalformed, "schema_version " + std::to_string(version) + ": expected 1", "/schema_version");
  const std::string said = checked_text(head, "digest", data_digest);
  document.erase("digest");
  const std::string found = digest_of(document);
  if (said != found)
    fail(ErrorCode::kLockDigest, "the content has the digest " + found + ", the lock says " + said, "/digest");
}

void check_platforms(const Lock& lock, JsonReader& platforms) {
  std::vector<std::string> wanted = lock.spec.platforms;
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::string> had;
  for (const auto& [name, platform] : lock.platforms) had.push_back(name);
  if (wanted != had) {
    platforms.fail("locked are [" + support::join(had, ", ") + "], the spec names [" + support::join(wanted, ", ") +
                   "]");
  }
}

}  // namespace

Lock read_lock(const std::string& text, const std::string& file) {
  constexpr std::size_t kLargest = 32U * 1024 * 1024;
  if (text.size() > kLargest)
    throw Error(ErrorCode::kLockMalformed, std::to_string(text.size()) + " bytes; expected at most 32 MiB",
                Where{file, 0, 0, {}});
  json document = support::parse_json(text, file, ErrorCode::kLockMalformed);
  check_texts(document, file, "");
  check_version_and_digest(document, file);
  JsonReader reader(document, file, ErrorCode::kLockMalformed);
  reader.string("schema");
  reader.integer("schema_version");
  Lock lock;
  JsonReader data = reader.object("data");
  lock.data_digest = checked_text(data, "digest", data_digest);
  lock.data_as_of = checked_text(data, "as_of", check_exclude_newer);
  data.finish();
  lock.exclude_newer = checked_text(reader, "exclude_newer", date_or_none);
  if (reader.has("exclude_newer_of")) lock.exclude_newer_of = cutoffs_of(reader.object("exclude_newer_of"));
  lock.spec = spec_from_json(reader.object("spec"));
  JsonReader platforms = reader.object("platforms");
  std::vector<std::string> names;
  platforms.members([&](const std::string& name, const json&) { names.push_back(name); });
  for (const auto& name : names) lock.platforms[name] = platform_of(platforms.object(name), name);
  check_platforms(lock, platforms);
  reader.finish();
  return lock;
}

}  // namespace envforge::documents
