#include "build_context.hpp"

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/site_requests.hpp>
#include <envforge/app/validator_programs.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "base_image.hpp"
#include "beside_recipe.hpp"
#include "python_archive.hpp"
#include "wheel_builds.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

struct Filling {
  World& world;
  const documents::Recipe& recipe;
  const documents::Lock& lock;
  const documents::LockedPlatform& locked;
  const std::string& platform;
  fs::path folder;
  BuildContext result;
};

void make_parent(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error)
    throw Error(ErrorCode::kFileWrite, "cannot create " + path.parent_path().string() + ": " + error.message());
}

void place_copy_source(Filling& filling, const std::string& from, const fs::path& target) {
  const auto [source, refused] = beside_recipe(recipe_folder(filling.recipe), from);
  if (!refused.empty())
    throw Error(ErrorCode::kCopySource, "the recipe copies '" + from + "', " + refused,
                support::Where{filling.recipe.file, 0, 0, {}});
  std::error_code error;
  fs::create_directories(target, error);
  const auto options = fs::copy_options::recursive | fs::copy_options::copy_symlinks;
  if (!error) fs::copy(source, fs::is_directory(source) ? target : target / source.filename(), options, error);
  if (error) throw Error(ErrorCode::kCopySource, "cannot copy " + source.string() + ": " + error.message());
}

void place_wheel(Filling& filling, const documents::LockedWheel& wheel, const fs::path& target) {
  if (wheel.index == documents::kBuiltHere)
    return place_file(built_wheel_file(filling.world, filling.platform, filling.locked, wheel), target);
  const fs::path source = fs::path(filling.world.site.wheels_dir.value) / wheel.filename;
  std::error_code error;
  if (filling.world.site.wheels_dir.value.empty() || !fs::exists(source, error)) {
    throw Error(ErrorCode::kWheelAbsent,
                "the lock takes " + wheel.filename + " from a wheel folder, and it is not there", std::nullopt,
                "give the folder with --wheels DIR, or lock again without it");
  }
  place_file(source, target);  // uv checks the hash when it installs
}

void place_tool(Filling& filling, const documents::LockedWheel& wheel, const fs::path& target) {
  const fs::path cached = fs::path(filling.world.cache_dir) / "tools" / wheel.sha256 / "uv";
  std::error_code error;
  if (!fs::exists(cached, error)) {
    make_parent(cached);
    packages::ResolvedWheel uv;
    uv.name = wheel.name;
    uv.version = wheel.version;
    uv.filename = wheel.filename;
    uv.sha256 = wheel.sha256;
    uv.index = wheel.index;
    uv.size = wheel.size;
    filling.world.python.fetch_tool(uv, python_request(filling.world, filling.locked, filling.platform, ""),
                                    cached.string());
  }
  place_file(cached, target);
}

void place_debs(Filling& filling, const std::vector<const render::ContextReference*>& references) {
  std::vector<packages::ResolvedDeb> debs;
  for (const auto* reference : references)
    debs.push_back(resolved_deb(std::get<render::ContextReference::Deb>(reference->what).deb));
  if (debs.empty()) return;
  const auto mirror = deb_mirror(filling.world, filling.locked.base.name, filling.platform);
  const auto files = filling.world.debs.fetch(mirror, debs, (fs::path(filling.world.cache_dir) / "debs").string());
  for (std::size_t i = 0; i < files.size(); ++i) place_file(files[i], filling.folder / references[i]->path);
}

void place_base(Filling& filling, const fs::path& target) {
  try {
    const auto base = base_tar(filling.world, filling.lock, filling.platform);
    filling.result.base_tar_sha256 = base.sha256;
    place_file(base.path, target);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kProgramMissing) throw;
    filling.result.missing_base = error;
    filling.result.files.pop_back();
  }
}

}  // namespace

void place_file(const fs::path& from, const fs::path& to) {
  make_parent(to);
  std::error_code error;
  fs::remove(to, error);
  fs::create_hard_link(from, to, error);
  if (error) {
    error.clear();
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  }
  if (error)
    throw Error(ErrorCode::kFileWrite, "cannot put " + from.string() + " at " + to.string() + ": " + error.message());
}

BuildContext write_context(World& world, const documents::Recipe& recipe, const documents::Lock& lock,
                           const std::string& platform, const render::RenderedImage& rendered, bool torch_group,
                           const fs::path& folder) {
  Filling filling{world, recipe, lock, lock.platforms.at(platform), platform, folder, {}};
  for (const auto& file : rendered.files) {
    support::write_file_atomically(folder / file.path, file.content, file.executable ? 0755 : 0644);
    filling.result.files.push_back(file.path);
  }
  std::vector<const render::ContextReference*> debs;
  for (const auto& reference : rendered.references) {
    if (reference.only_for_torch_group && !torch_group) continue;
    filling.result.files.push_back(reference.path);
    const fs::path target = folder / reference.path;
    using Reference = render::ContextReference;
    if (std::holds_alternative<Reference::BaseTar>(reference.what)) {
      place_base(filling, target);
    } else if (std::holds_alternative<Reference::Deb>(reference.what)) {
      debs.push_back(&reference);
    } else if (const auto* uv = std::get_if<Reference::Uv>(&reference.what)) {
      place_tool(filling, uv->wheel, target);
    } else if (const auto* wheel = std::get_if<Reference::Wheel>(&reference.what)) {
      place_wheel(filling, wheel->wheel, target);
    } else if (const auto* copy = std::get_if<Reference::CopySource>(&reference.what)) {
      place_copy_source(filling, copy->from, target);
    } else if (const auto* python = std::get_if<Reference::Python>(&reference.what)) {
      make_parent(target);
      place_python(world, filling.locked, *python, target);
    }
  }
  place_debs(filling, debs);
  if (torch_group) {
    for (const auto& source : torch_group_sources())
      support::write_file_atomically(folder / "validator" / source.name, source.content);
  }
  return filling.result;
}

}  // namespace envforge::app
