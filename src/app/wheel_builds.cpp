#include "wheel_builds.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <envforge/app/site_requests.hpp>
#include <envforge/compat/machine_code.hpp>
#include <envforge/documents/source_package.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/render/render.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/version.hpp>
#include <envforge/versions/version_range.hpp>

#include "borrowed_tag.hpp"
#include "build_context.hpp"
#include "engine_build.hpp"
#include "lock_packages.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using documents::LockedBuild;
using documents::LockedPlatform;
using documents::LockedWheel;
using support::Error;
using support::ErrorCode;

fs::path folder_of(const World& world, const std::string& platform, const LockedPlatform& locked,
                   const LockedBuild& build) {
  return fs::path(world.cache_dir) / "built-wheels" / documents::build_key(platform, locked, build);
}

const LockedBuild* build_of(const LockedPlatform& locked, const std::string& wheel) {
  const auto found = std::find_if(locked.builds.begin(), locked.builds.end(),
                                  [&](const LockedBuild& build) { return build.name == versions::normal_name(wheel); });
  return found == locked.builds.end() ? nullptr : &*found;
}

bool has_bytes(const fs::path& file, const std::string& sha256) {
  std::error_code error;
  return fs::is_regular_file(file, error) && support::sha256_file_hex(file.string()) == sha256;
}

std::optional<fs::path> find_file(const World& world, const std::string& platform, const LockedPlatform& locked,
                                  const LockedWheel& wheel) {
  std::vector<fs::path> places;
  if (const auto* build = build_of(locked, wheel.name))
    places.push_back(folder_of(world, platform, locked, *build) / wheel.filename);
  if (const auto& folder = world.site.wheels_dir.value; !folder.empty())
    places.push_back(fs::path(folder) / wheel.filename);
  for (const auto& place : places) {
    if (has_bytes(place, wheel.sha256)) return place;
  }
  return std::nullopt;
}

/// What a build left: one wheel, and what the build stage read from it.
struct Built {
  LockedWheel wheel;
  std::vector<std::string> machine_code;
  std::vector<std::string> requires_built;  // of packages that had no wheel then: "ops>=2"
};

Built read_built(const fs::path& folder) {
  const fs::path file = folder / std::string(render::kBuiltFile);
  const auto document = support::parse_json(support::read_file(file), file.string(), ErrorCode::kWheelBuild);
  support::JsonReader reader(document, file.string(), ErrorCode::kWheelBuild);
  Built built;
  LockedWheel& wheel = built.wheel;
  wheel.name = versions::normal_name(reader.string("name"));
  wheel.version = reader.string("version");
  wheel.filename = reader.string("filename");
  built.machine_code = reader.strings("machine_code");
  // Wheels that were kept before do not have it: they required no such package, or were refused.
  if (reader.has("requires_built")) built.requires_built = reader.strings("requires_built");
  reader.finish();
  // The package chose them; the lock and the Dockerfile take them in.
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+!";
  const auto plain = [&](const std::string& text, std::size_t most) {
    return !text.empty() && text.size() <= most && text.find_first_not_of(kPlain) == std::string::npos;
  };
  const auto fields = std::count(wheel.filename.begin(), wheel.filename.end(), '-');
  if (!plain(wheel.filename, 255) || !plain(wheel.version, 64) || !support::ends_with(wheel.filename, ".whl") ||
      fields < 4 || fields > 5) {
    throw Error(ErrorCode::kWheelBuild, "a build left '" + support::printable(wheel.filename) + "' of version '" +
                                            support::printable(wheel.version) + "', which is no wheel");
  }
  const fs::path path = folder / wheel.filename;
  wheel.sha256 = support::sha256_file_hex(path.string());
  wheel.size = fs::file_size(path);
  wheel.index = documents::kBuiltHere;
  wheel.direct = true;
  return built;
}

/// What is wrong with a wheel, or "".
std::string trouble_with(const World& world, const LockedBuild& build, const Built& built) {
  const auto& [wheel, machine_code, later] = built;
  const auto source = documents::parse_source(build.source);
  if (wheel.name != build.name) return "it is named " + support::printable(wheel.name);
  const auto version = versions::Version::parse(wheel.version);
  if (!version) return "its version is '" + support::printable(wheel.version) + "'";
  if (!source.version.empty() && *version != versions::Version::of(source.version))
    return "its version is " + support::printable(wheel.version);
  for (const auto& sm : build.architectures) {
    const std::string number = sm.substr(3);
    const std::string cc = number.substr(0, number.size() - 1) + "." + number.back();
    const auto* gpu = world.knowledge.architecture(cc);
    const bool covered = std::any_of(machine_code.begin(), machine_code.end(), [&](const std::string& code) {
      const auto target = compat::parse_code_target(code);
      return gpu != nullptr && target && !target->ptx && compat::runs_on(*target, *gpu, world.knowledge);
    });
    if (covered) continue;
    return "it has no machine code for " + sm + ", but " +
           (machine_code.empty() ? "none at all" : "for " + support::printable(support::join(machine_code, ", ")));
  }
  return {};
}

/// The sources and compilers on top of the image's own environment, as an image of the engine.
class WheelBuilder {
 public:
  WheelBuilder(World& world, const documents::Recipe& recipe, const documents::Lock& lock, const std::string& platform,
               const engine::BuildRequest& settings)
      : world_(world), locked_(lock.platforms.at(platform)), platform_(platform), request_(settings) {
    const auto rendered = render::render_devel(lock, platform);
    const fs::path context = folder_.path() / "context";
    const auto written = write_context(world, recipe, lock, platform, rendered, false, context);
    if (written.missing_base) throw *written.missing_base;
    auto request = request_;
    request.context_dir = context.string();
    request.target = std::string(render::kDevelTarget);
    request.secrets = site_secrets(world, locked_, folder_.path());
    if (!world.site.git_credentials.value.empty())
      request.secrets[std::string(render::kGitSecret)] = private_file(world.site.git_credentials);
    if (reaches_loopback()) request.network = "host";
    const auto built = build_or_throw(world, request, "making the stage that builds packages from their sources");
    tag_.emplace(world, built.image_id);
  }

  /// The wheel, in the cache. `needed` are the files of those that its build needs.
  Built build(const LockedBuild& build, const std::vector<fs::path>& needed) {
    const fs::path context = folder_.path() / build.name, out = context / "out";
    std::vector<std::string> wheels;
    for (const auto& file : needed) {
      wheels.push_back(file.filename().string());
      place_file(file, context / wheels.back());
    }
    support::write_file_atomically(context / "Dockerfile",
                                   render::render_wheel_build(tag_->name(), locked_, build, wheels));
    auto request = request_;
    request.context_dir = context.string();
    request.target = std::string(render::kBuiltTarget);
    request.output = "local:" + out.string();
    request.network = "none";
    try {
      build_or_throw(world_, request, "building " + build.name + " from " + build.source + ", once");
    } catch (const Error& failure) {
      if (failure.code() != ErrorCode::kBuildFailed) throw;
      Error error(ErrorCode::kWheelBuild, build.name + " could not be built from " + build.source);
      for (const auto& note : failure.notes()) error.note(note);
      throw error;
    }
    Built built = read_built(out);
    if (const auto trouble = trouble_with(world_, build, built); !trouble.empty())
      throw Error(ErrorCode::kWheelBuild, "the wheel that came out of " + build.source + " is refused: " + trouble);
    const fs::path kept = folder_of(world_, platform_, locked_, build);
    for (const auto& file : {built.wheel.filename, std::string(render::kBuiltFile)}) {
      const fs::path fresh = kept / (file + "." + world_.random_hex(4) + ".tmp");
      place_file(out / file, fresh);
      fs::rename(fresh, kept / file);
    }
    return built;
  }

 private:
  // A server on this machine is not on the loopback address of a build step.
  bool reaches_loopback() const {
    return std::any_of(locked_.builds.begin(), locked_.builds.end(), [](const LockedBuild& build) {
      return support::starts_with(documents::parse_source(build.source).url, "http://");
    });
  }

  World& world_;
  const LockedPlatform& locked_;
  const std::string platform_;
  engine::BuildRequest request_;
  support::TempDir folder_{engine::folder_prefix()};
  std::optional<BorrowedTag> tag_;
};

/// What an earlier build with the same key left.
std::optional<Built> kept_build(const World& world, const std::string& platform, const LockedPlatform& locked,
                                const LockedBuild& build) {
  const fs::path folder = folder_of(world, platform, locked, build);
  std::error_code error;
  if (!fs::exists(folder / std::string(render::kBuiltFile), error)) return std::nullopt;
  return read_built(folder);
}

/// What built packages require of one another; what they require of the locked wheels was read when they were built.
class MutualNeeds {
 public:
  void add(const LockedPlatform& locked, const LockedBuild& build, const std::optional<Built>& built) {
    for (const auto* other : documents::built_needs(locked, build)) {
      for (const auto& need : build.needs) {
        if (versions::requirement_name(need) == other->name) needs_.push_back({"the build of " + build.name, need});
      }
    }
    if (!built) return;
    for (const auto& requirement : built->requires_built) needs_.push_back({built->wheel.name, requirement});
  }

  /// Throws Error{kWheelBuild} for one that the wheel of the other does not meet.
  void hold_against(const std::vector<LockedWheel>& wheels) const {
    for (const auto& [package, requirement] : needs_) {
      const std::string name = versions::requirement_name(requirement);
      const auto at = requirement.find_first_of("=<>!~");
      const auto range = versions::VersionRange::parse(at == std::string::npos ? "*" : requirement.substr(at));
      const auto wheel =
          std::find_if(wheels.begin(), wheels.end(), [&](const LockedWheel& one) { return one.name == name; });
      if (wheel != wheels.end() && range && range->contains(versions::Version::of(wheel->version))) continue;
      throw Error(ErrorCode::kWheelBuild,
                  package + " requires " + support::printable(requirement) +
                      (wheel == wheels.end() ? ", which is not there"
                                             : ", and " + name + " was built as version " + wheel->version),
                  std::nullopt, "build a version of one that suits the other");
    }
  }

 private:
  struct Need {
    std::string package, requirement;
  };
  std::vector<Need> needs_;
};

}  // namespace

fs::path built_wheel_file(const World& world, const std::string& platform, const LockedPlatform& locked,
                          const LockedWheel& wheel) {
  if (const auto file = find_file(world, platform, locked, wheel)) return *file;
  throw Error(
      ErrorCode::kBuiltWheelAbsent,
      "the lock takes " + wheel.filename + ", which was built from its source, and this machine does not have it",
      std::nullopt, "`envforge build` builds it again; or give the folder that holds it with --wheels DIR");
}

void require_built(const LockedPlatform& locked, const std::string& why) {
  for (const auto& build : locked.builds) {
    if (documents::built_wheel(locked, build) == nullptr)
      throw Error(ErrorCode::kBuiltWheelAbsent, "the lock has no wheel of " + build.name + " yet, " + why);
  }
}

bool build_missing_wheels(World& world, const documents::Recipe& recipe, documents::Lock& lock,
                          const std::string& platform, const WheelBuilds& how) {
  LockedPlatform& locked = lock.platforms.at(platform);
  if (!how.frozen_by.empty()) require_built(locked, "and " + how.frozen_by + " may not write one into it");
  std::optional<WheelBuilder> builder;
  std::vector<LockedWheel> fresh;
  MutualNeeds needs;
  std::map<std::string, fs::path> files;  // of the builds before
  for (const auto& build : locked.builds) {
    const auto* known = documents::built_wheel(locked, build);
    auto built = kept_build(world, platform, locked, build);
    if (const auto file = known == nullptr ? std::nullopt : find_file(world, platform, locked, *known)) {
      needs.add(locked, build, built);
      files[build.name] = *file;
      continue;
    }
    if (!built) {
      if (!builder) builder.emplace(world, recipe, lock, platform, how.settings);
      std::vector<fs::path> needed;
      for (const auto* other : documents::built_needs(locked, build)) needed.push_back(files.at(other->name));
      built = builder->build(build, needed);
    }
    needs.add(locked, build, built);
    files[build.name] = folder_of(world, platform, locked, build) / built->wheel.filename;
    const LockedWheel* wheel = &built->wheel;
    if (known == nullptr) {
      fresh.push_back(*wheel);
    } else if (known->sha256 != wheel->sha256) {
      throw Error(ErrorCode::kBuiltWheelDiffers,
                  build.name + " was built to " + wheel->sha256 + ", the lock has " + known->sha256 + " (" +
                      known->filename + ")",
                  std::nullopt,
                  "bring the locked wheel in with --wheels DIR, or lock it again: `envforge lock --upgrade=" +
                      build.name + "`, then `envforge build`");
    }
  }
  std::vector<LockedWheel> all = locked.wheels;
  all.insert(all.end(), fresh.begin(), fresh.end());
  needs.hold_against(all);
  for (auto& wheel : fresh) add_wheel(locked, std::move(wheel));
  return !fresh.empty();
}

}  // namespace envforge::app
