#include <envforge/app/build_image.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/app/image_tags.hpp>
#include <envforge/app/load_recipe.hpp>
#include <envforge/app/torch_group.hpp>
#include <envforge/app/validator_programs.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/render/render.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "build_context.hpp"
#include "engine_build.hpp"
#include "installed_check.hpp"
#include "known_locks.hpp"
#include "leftovers.hpp"
#include "wheel_builds.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

constexpr std::string_view kOciDir = "oci-dir:";

/// One build in the making: what its stages share.
struct Build {
  World& world;
  const documents::Recipe& recipe;
  const BuildOptions& options;
  documents::Lock lock;
  std::string platform{};
  support::TempDir folder{engine::folder_prefix()};
  engine::BuildRequest request{};  // context, secrets, network: the same for each target
  BuildReport report{};

  const documents::LockedPlatform& locked() const { return lock.platforms.at(platform); }
};

std::string choose_platform(const documents::Lock& lock, const std::string& asked, const engine::EngineInfo& engine) {
  const std::string own = "linux/" + engine.architecture;
  const std::string platform =
      asked.empty() ? (lock.platforms.count(own) > 0 ? own : lock.platforms.begin()->first) : asked;
  if (lock.platforms.count(platform) == 0) {
    throw Error(ErrorCode::kUsage, "the lock has no platform '" + support::printable(platform) + "'", std::nullopt,
                "add it to `platforms:` of the recipe");
  }
  return platform;
}

// The unpacked image, its cache copy and what uv unpacks meanwhile: about three times the wheels, which are themselves
// compressed 2:1.
void check_disk(const Build& build, const engine::EngineInfo& engine) {
  std::uint64_t wheels = 0;
  for (const auto& wheel : build.locked().wheels) wheels += wheel.size;
  constexpr std::uint64_t kPerWheelByte = 4;
  constexpr std::uint64_t kBase = 2'000'000'000;
  const std::uint64_t wanted = wheels * kPerWheelByte + kBase;
  if (!engine.free_bytes || *engine.free_bytes >= wanted) return;
  throw Error(ErrorCode::kDiskFull, "the engine's disk (" + engine.root_dir + ") has " +
                                        support::human_bytes(*engine.free_bytes) + " free; this build needs about " +
                                        support::human_bytes(wanted));
}

void run_target(Build& build, std::string_view target, const std::string& output, const std::string& step) {
  auto request = build.request;
  request.target = std::string(target);
  request.output = output;
  const auto result = build_or_throw(build.world, request, step);
  if (target != render::kImageTarget) return;
  build.report.image_id = result.image_id;
  const bool layout = !output.empty();
  if (!result.manifest_digest.empty())
    build.report.published.push_back({layout ? output : "engine", result.manifest_digest, result.index_digest});
}

void check_installed_is_locked(Build& build) {
  const fs::path folder = build.folder.path() / "check";
  run_target(build, render::kCheckTarget, "local:" + folder.string(),
             "building, and reading the installed versions from inside");
  const auto check = check_installed(support::read_file(folder / render::kCheckFile), build.locked());
  build.report.torch = check.torch;
  build.report.torch_cuda = check.torch_cuda;
  build.report.cudnn = check.cudnn;
  build.report.nccl = check.nccl;
  build.report.python = check.python;
  build.report.wheels_checked = check.wheels;
  build.report.largest = check.largest;
  for (const auto& line : check.unread)
    build.report.notes.push_back("not read from inside: " + support::printable(line));
  if (check.differences.empty()) return;
  Error error(ErrorCode::kInstalledDiffers, "what is installed is not what was locked; nothing was tagged");
  for (const auto& line : check.differences) error.note(support::printable(line));
  throw error;
}

void check_size(const Build& build) {
  const auto& limit = build.recipe.max_size_bytes;
  if (!limit || build.report.image_bytes <= *limit) return;
  Error error(ErrorCode::kImageTooLarge, "the image has " + support::human_bytes(build.report.image_bytes) +
                                             "; the recipe allows " + support::human_bytes(*limit) + " (size: max)");
  for (const auto& package : build.report.largest)
    error.note(support::human_bytes(package.bytes) + "  " + package.name + " " + package.version);
  throw error;
}

// Built untagged first, so that an image over its size limit never gets the tag.
void finish_image(Build& build) {
  auto& report = build.report;
  run_target(build, render::kImageTarget, "", "exporting the image");
  const auto info = build.world.engine.inspect_image(report.image_id);
  if (!info)
    throw Error(ErrorCode::kBuildFailed, "the engine does not have the image that it built: " + report.image_id);
  report.config_digest = info->id;
  report.image_bytes = info->bytes;
  report.layers = build.world.engine.layers(report.image_id);
  check_size(build);
  report.tags = image_tags(build.recipe, build.locked());
  for (const auto& tag : report.tags) {
    if (!build.world.engine.tag(report.image_id, tag))
      throw Error(ErrorCode::kBuildFailed, "the engine would not tag the image as " + tag);
  }
}

void write_layout(Build& build) {
  build.request.tags = build.report.tags;  // the layout's index names the image by the first
  run_target(build, render::kImageTarget, std::string(kOciDir) + build.options.oci_dir,
             "writing the OCI layout " + build.options.oci_dir);
}

// What a push names may be an index over the manifests of several platforms; the registry knows which.
Publication published_as(Build& build, const std::string& tag, const std::string& digest) {
  const std::string by_digest = tag.substr(0, tag.rfind(':')) + "@" + digest;
  const auto manifest = build.world.engine.registry_digest(by_digest, build.platform);
  if (manifest && *manifest != digest) return {tag, *manifest, digest};
  return {tag, digest, ""};
}

void push_tags(Build& build) {
  for (const auto& tag : build.report.tags) {
    build.world.events.step("pushing " + tag);
    const auto pushed =
        build.world.engine.push(tag, [&](std::string_view line) { build.world.events.progress(std::string(line)); });
    if (!pushed.ok)
      throw Error(ErrorCode::kPushFailed, "pushing " + tag + " failed: " + support::printable(pushed.message));
    build.report.published.push_back(published_as(build, tag, pushed.digest));
  }
}

// Before anything is built, what would only be found out after it.
void check_options(const documents::Recipe& recipe, const BuildOptions& options) {
  if (options.push && recipe.tags.empty()) {
    throw Error(ErrorCode::kUsage, "there is nothing to push: the recipe has no tags", std::nullopt,
                "add `tags:` to " + recipe.file);
  }
  std::error_code error;
  if (!options.oci_dir.empty() && fs::exists(options.oci_dir, error) && !fs::is_empty(options.oci_dir, error)) {
    throw Error(ErrorCode::kUsage, options.oci_dir + " is not empty, so no OCI layout can be written there",
                std::nullopt, "name a folder that does not exist yet");
  }
}

void write_record(Build& build, std::chrono::steady_clock::time_point since) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
  build.report.seconds = took.count();
  support::write_file_atomically(build_record_path(build.recipe), support::readable_json(to_json(build.report)));
}

// The torch group is a service to verify: without it an image is still good, and verify says what is missing.
void compile_torch_group(Build& build) {
  const auto kept = torch_group_path(build.world, build.locked(), build.platform);
  std::error_code error;
  if (fs::exists(kept, error)) return;
  const fs::path folder = build.folder.path() / "torch-group";
  try {
    run_target(build, render::kTorchGroupTarget, "local:" + folder.string(),
               "compiling the validator's torch group against this torch");
    support::write_file_atomically(kept, support::read_file(folder / render::kTorchGroupFile), 0755);
  } catch (const Error& failure) {
    if (failure.code() == ErrorCode::kInterrupted) throw;
    build.report.notes.push_back("the validator's torch group could not be compiled: " + failure.message());
    for (const auto& note : failure.notes()) build.report.notes.push_back(note);
  }
}

// What is built from its source gets its hash into the lock: then the image is exact.
void build_wheels(Build& build, const std::string& lock_path) {
  const auto mode = build.options.lock.mode;
  const std::string frozen_by = mode == LockMode::kLocked ? "--locked" : mode == LockMode::kFrozen ? "--frozen" : "";
  if (!build_missing_wheels(build.world, build.recipe, build.lock, build.platform, {build.request, frozen_by})) return;
  support::write_file_atomically(lock_path, documents::write_lock(build.lock));
  build.world.events.note("lock: the hashes of what was built from its source stand in it now");
}

render::TorchGroupSources torch_sources(bool wanted) {
  return wanted ? torch_group_build() : render::TorchGroupSources{};
}

}  // namespace

BuildReport build_image(World& world, const documents::Recipe& recipe, const BuildOptions& options) {
  const auto since = std::chrono::steady_clock::now();
  check_options(recipe, options);
  const auto engine = world.engine.info();
  remove_leftovers(world);
  auto locked = lock_recipe(world, recipe, options.lock);
  for (const auto& line : locked.differences) world.events.note("lock: " + line);
  for (const auto& line : locked.warnings) world.events.warn(line);

  Build build{world, recipe, options, std::move(locked.lock)};
  build.platform = choose_platform(build.lock, options.platform, engine);
  check_disk(build, engine);
  build.request.platform = build.platform == "linux/" + engine.architecture ? "" : build.platform;
  build.request.no_cache = options.no_cache;
  if (!world.site.wheels_dir.value.empty()) build.request.network = "none";
  build_wheels(build, locked.path);
  const auto rendered = render::render(build.lock, build.platform, torch_sources(options.torch_group));
  world.events.step("preparing the build context");
  const fs::path context = build.folder.path() / "context";
  const auto written = write_context(world, recipe, build.lock, build.platform, rendered, options.torch_group, context);
  if (written.missing_base) throw *written.missing_base;
  build.report.base_tar_sha256 = written.base_tar_sha256;
  build.request.context_dir = context.string();
  build.request.secrets = site_secrets(world, build.locked(), build.folder.path());

  build.report.lock_digest = documents::lock_digest(build.lock);
  build.report.platform = build.platform;
  check_installed_is_locked(build);
  finish_image(build);
  keep_lock(world, build.lock);
  write_record(build, since);
  if (!options.oci_dir.empty()) write_layout(build);
  if (options.push) push_tags(build);
  if (options.torch_group) compile_torch_group(build);
  write_record(build, since);
  return build.report;
}

nlohmann::json to_json(const BuildReport& report) {
  auto published = nlohmann::json::array();
  for (const auto& place : report.published) {
    published.push_back(
        {{"where", place.where}, {"manifest_digest", place.manifest_digest}, {"index_digest", place.index_digest}});
  }
  auto layers = nlohmann::json::array();
  for (const auto& layer : report.layers)
    layers.push_back({{"bytes", layer.bytes}, {"created_by", support::printable(layer.created_by)}});
  auto largest = nlohmann::json::array();
  for (const auto& package : report.largest)
    largest.push_back({{"name", package.name}, {"version", package.version}, {"bytes", package.bytes}});
  return {{"schema", "envforge/build"},
          {"schema_version", 1},
          {"lock_digest", report.lock_digest},
          {"platform", report.platform},
          {"tags", report.tags},
          {"image_id", report.image_id},
          {"config_digest", report.config_digest},
          {"published", published},
          {"base_tar_sha256", report.base_tar_sha256},
          {"image_bytes", report.image_bytes},
          {"layers", layers},
          {"largest_packages", largest},
          {"inside",
           {{"python", report.python},
            {"torch", report.torch},
            {"cuda", report.torch_cuda},
            {"cudnn", report.cudnn},
            {"nccl", report.nccl}}},
          {"wheels_checked", report.wheels_checked},
          {"seconds", report.seconds},
          {"notes", report.notes}};
}

namespace {

// Every file is made inside `directory`, which may be a mount, and moved to its place when all are there.
BuildContext write_whole_context(World& world, const documents::Recipe& recipe, const documents::Lock& lock,
                                 const std::string& platform, const render::RenderedImage& rendered,
                                 const fs::path& directory) {
  const bool made = fs::create_directories(directory);
  try {
    const support::TempDir arriving(".arriving-", directory);
    auto written = write_context(world, recipe, lock, platform, rendered, false, arriving.path());
    for (const auto& entry : fs::directory_iterator(arriving.path()))
      fs::rename(entry.path(), directory / entry.path().filename());
    return written;
  } catch (...) {
    std::error_code ignored;
    if (made) fs::remove(directory, ignored);
    throw;
  }
}

}  // namespace

std::vector<std::string> render_recipe(World& world, const documents::Recipe& recipe, const LockOptions& options,
                                       const std::string& platform, const std::string& directory) {
  const auto locked = lock_recipe(world, recipe, options);
  const std::string chosen = platform.empty() ? locked.lock.platforms.begin()->first : platform;
  if (locked.lock.platforms.count(chosen) == 0)
    throw Error(ErrorCode::kUsage, "the lock has no platform '" + support::printable(chosen) + "'");
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_empty(directory, error)) {
    throw Error(ErrorCode::kUsage, "the folder " + directory + " is not empty", std::nullopt,
                "name a new folder with -o");
  }
  require_built(locked.lock.platforms.at(chosen), "and only a build can make one");
  const auto rendered = render::render(locked.lock, chosen);
  world.events.step("writing the build context");
  auto written = write_whole_context(world, recipe, locked.lock, chosen, rendered, directory);
  if (written.missing_base) {
    world.events.warn("base.tar is not in " + directory + ": " + written.missing_base->message() +
                      "; run this command where mmdebstrap is, or name a base image in the site configuration");
  }
  std::sort(written.files.begin(), written.files.end());
  return std::move(written.files);
}

}  // namespace envforge::app
