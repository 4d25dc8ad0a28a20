// Lock -> image: base, context, docker build, installed == locked, sizes, tags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/app/lock_recipe.hpp>

namespace envforge::app {

struct BuildOptions {
  LockOptions lock;
  std::string platform;  // "" = the engine's
  bool push = false;
  std::string oci_dir;  // --output oci-dir:PATH
  bool no_cache = false;
  bool torch_group = true;  // also compile the validator's torch group against this torch, for verify
};

struct PackageSize {
  std::string name, version;
  std::uint64_t bytes = 0;
};

/// A place that has the image's bytes, and the digests that it has them under. They differ from place to place: a
/// registry holds compressed layers, an OCI layout what the engine saved.
struct Publication {
  std::string where;  // "registry.example.com/team/name:tag", "oci-dir:PATH", "engine"
  std::string manifest_digest;
  std::string index_digest;  // "" where no index is over the manifest
};

struct BuildReport {
  std::string lock_digest, platform;
  std::vector<std::string> tags;
  std::string image_id, config_digest;  // the config's is the same everywhere
  std::vector<Publication> published;
  std::string base_tar_sha256;
  std::uint64_t image_bytes = 0;
  std::vector<engine::LayerInfo> layers;
  std::vector<PackageSize> largest;
  std::string torch, torch_cuda, cudnn, nccl, python;  // as read from inside
  int wheels_checked = 0;
  double seconds = 0;
  std::vector<std::string> notes;
};

/// Throws Error{kBuildFailed} with the last lines of the failing step, {kInstalledDiffers}, {kImageTooLarge},
/// {kDiskFull} (5), {kNoEngine} (6), {kInterrupted} (130): then no tag was set; {kPushFailed} (5) after them. Beside
/// the lock stands the record of the build, written when the tags are set and again when the image is published.
BuildReport build_image(World& world, const documents::Recipe& recipe, const BuildOptions& options);

nlohmann::json to_json(const BuildReport& report);

/// `envforge render -o DIR`: everything that plain `docker build DIR` needs. Returns the paths written, relative to
/// DIR.
std::vector<std::string> render_recipe(World& world, const documents::Recipe& recipe, const LockOptions& options,
                                       const std::string& platform, const std::string& directory);

}  // namespace envforge::app
