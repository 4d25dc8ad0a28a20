#include <envforge/app/torch_group.hpp>

#include <envforge/app/site_requests.hpp>
#include <envforge/app/validator_programs.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;

struct TorchBuild {
  std::string torch, variant, python, architecture;
};

// The C++ ABI and language standard follow from the torch build, so they need no place of their own in the key.
fs::path kept_at(const World& world, const TorchBuild& build) {
  return fs::path(world.cache_dir) / "torch-groups" /
         (build.torch + "+" + build.variant + "-py" + build.python + "-" + build.architecture + "-" +
          torch_group_sources_digest().substr(0, 16));
}

// Labels of a foreign image are foreign text: only what can be a file name's part is looked for.
bool is_plain(const std::string& text) {
  return !text.empty() && text.size() < 64 &&
         text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz.") == std::string::npos;
}

}  // namespace

fs::path torch_group_path(const World& world, const documents::LockedPlatform& locked, const std::string& platform) {
  return kept_at(world, {locked.torch, locked.cuda_variant, locked.python, architecture_of(platform)});
}

TorchGroup find_torch_group(const World& world, const engine::ImageInfo& image) {
  const TorchBuild build{image.label("dev.envforge.torch"), image.label("dev.envforge.cuda-variant"),
                         image.label("dev.envforge.python"), image.architecture};
  if (!is_plain(build.torch) || !is_plain(build.variant) || !is_plain(build.python) || !is_plain(build.architecture)) {
    return {{}, "the image has no labels of envforge's that name its torch build"};
  }
  const auto path = kept_at(world, build);
  std::error_code error;
  if (fs::exists(path, error)) return {path, ""};
  return {{},
          "no torch group for torch " + build.torch + "+" + build.variant +
              " on this machine; `envforge build` of the recipe compiles it"};
}

}  // namespace envforge::app
