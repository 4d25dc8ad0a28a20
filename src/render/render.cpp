#include <envforge/render/render.hpp>

#include <algorithm>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "escape.hpp"
#include "install_plan.hpp"
#include "render_files.hpp"
#include "stages.hpp"

namespace envforge::render {
namespace {

using documents::LockedDeb;
using support::Error;
using support::ErrorCode;

/// Adds the folder's references, and the sums that the build checks them with.
void add_debs(const std::string& folder, std::vector<LockedDeb> debs, bool only_for_torch_group, RenderedImage& out) {
  if (debs.empty()) return;
  std::sort(debs.begin(), debs.end(), [](const LockedDeb& a, const LockedDeb& b) { return a.name < b.name; });
  std::string sums;
  for (auto& deb : debs) {
    const std::string file = flag_value(deb.name) + ".deb";
    sums += flag_value(deb.sha256) + "  /run/debs/" + file + "\n";
    out.references.push_back(
        {"debs/" + folder + "/" + file, ContextReference::Deb{std::move(deb)}, only_for_torch_group});
  }
  out.files.push_back({"debs/" + folder + "/SHA256SUMS", std::move(sums), false});
}

void add_wheels(const std::vector<WheelLayer>& layers, RenderedImage& out) {
  for (const auto& layer : layers) {
    for (const auto& group : layer.groups) out.files.push_back({group.requirements_path, group.requirements, false});
    for (const auto& wheel : layer.from_folder) {
      out.references.push_back({"wheels/" + layer.name + "/" + wheel.filename, ContextReference::Wheel{wheel}, false});
    }
  }
}

void add_references(const StageInput& input, RenderedImage& out) {
  const auto& platform = input.platform;
  if (platform.base.kind == documents::BaseKind::kBootstrap) {
    constexpr std::string_view kPrefix = "sha256:";
    if (!support::starts_with(platform.base.digest, kPrefix)) {
      throw Error(ErrorCode::kInternal,
                  "the digest of a bootstrapped base is '" + platform.base.digest + "', expected sha256:...");
    }
    out.references.push_back(
        {"base.tar", ContextReference::BaseTar{platform.base.digest.substr(kPrefix.size())}, false});
  }
  if (platform.python_archive) {
    const auto& spec = input.lock.spec;
    const bool headers = documents::is_devel(spec) || has_torch_compile(spec) || !platform.builds.empty();
    out.references.push_back(
        {std::string(kPythonTar), ContextReference::Python{*platform.python_archive, headers}, false});
  }
  add_debs("foundation", debs_of(platform, true), false, out);
  add_debs("image", debs_of(platform, false), false, out);
  if (!input.torch_group.build_script.empty()) add_debs("builder", platform.builder_debs, true, out);
  for (const auto& layers : {shared_layers(platform), recipe_layers(platform)}) add_wheels(layers, out);
  for (const auto& tool : platform.tools) {
    if (tool.name == "uv") out.references.push_back({"build/uv", ContextReference::Uv{tool}, false});
  }
}

void add_copies(const StageInput& input, RenderedImage& out) {
  const auto& copy = input.lock.spec.copy;
  for (std::size_t i = 0; i < copy.size(); ++i) {
    out.references.push_back({"copy/" + std::to_string(i), ContextReference::CopySource{copy[i].from}, false});
  }
}

/// What the devel stage has beyond the image's.
void add_build_references(const StageInput& input, RenderedImage& out) {
  const auto& platform = input.platform;
  add_debs("builder", platform.builder_debs, false, out);
  add_wheels(build_tool_layers(platform), out);
  std::string locked;
  for (const auto& wheel : platform.wheels) locked += wheel.name + "==" + wheel.version + "\n";
  for (const auto& build : platform.builds) {
    if (documents::built_wheel(platform, build) == nullptr) locked += build.name + "==\n";  // its version comes with it
  }
  out.files.push_back({std::string(kLockedList), std::move(locked), false});
  for (const auto& build : platform.builds) {
    const std::string folder = "sources/" + build.name;
    const auto source = documents::parse_source(build.source);
    if (source.kind == documents::SourceKind::kLocal)
      out.references.push_back({folder, ContextReference::CopySource{source.path}, false});
    if (source.kind == documents::SourceKind::kSdist && build.index == "folder") {
      documents::LockedWheel file;
      file.filename = build.filename;
      file.index = build.index;
      out.references.push_back({folder + "/" + build.filename, ContextReference::Wheel{file}, false});
    }
  }
}

/// Whether a file of images/ is copied or mounted: those of services are, if the recipe has them.
bool is_used(const std::string& path, const Dockerfile& tree) {
  const std::string folder = path.substr(0, path.find('/'));
  for (const auto& stage : tree.stages) {
    for (const auto& instruction : stage.instructions) {
      if (const auto* copy = std::get_if<Copy>(&instruction.kind); copy != nullptr && copy->source == path) return true;
      const auto* run = std::get_if<Run>(&instruction.kind);
      const auto mounts = [&](const Mount& mount) {
        const auto* bind = std::get_if<BindMount>(&mount);
        return bind != nullptr && bind->from.empty() && bind->source == folder;
      };
      if (run != nullptr && std::any_of(run->mounts.begin(), run->mounts.end(), mounts)) return true;
    }
  }
  return false;
}

/// Only what the Dockerfile uses is sent to the builder, whatever else lies in the folder.
std::string ignore_file(const RenderedImage& image) {
  std::vector<std::string> entries = {"validator"};
  const auto add = [&](const std::string& path) { entries.push_back(path.substr(0, path.find('/'))); };
  for (const auto& file : image.files) add(file.path);
  for (const auto& reference : image.references) add(reference.path);
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  std::string out = "*\n";
  for (const auto& entry : entries) out += "!" + entry + "\n";
  return out;
}

/// The files of images/ that the tree uses, the Dockerfile, the list of what is sent; all in their order.
void finish(RenderedImage& out) {
  out.dockerfile = print(out.tree);
  for (const auto& file : embedded::render()) {
    if (!is_used(std::string(file.path), out.tree)) continue;
    const bool executable = support::starts_with(std::string(file.content), "#!");
    out.files.push_back({std::string(file.path), std::string(file.content), executable});
  }
  out.files.push_back({"Dockerfile", out.dockerfile, false});
  out.files.push_back({".dockerignore", ignore_file(out), false});
  std::sort(out.files.begin(), out.files.end(),
            [](const ContextFile& a, const ContextFile& b) { return a.path < b.path; });
  std::sort(out.references.begin(), out.references.end(),
            [](const ContextReference& a, const ContextReference& b) { return a.path < b.path; });
}

std::string header(const StageInput& input, const std::string& platform_name) {
  const auto& platform = input.platform;
  const std::string cuda = platform.cuda_variant.empty() ? "" : " (" + platform.cuda_variant + ")";
  return "Made by envforge from a lock: PyTorch " + platform.torch + cuda + ", Python " + platform.python + ", " +
         platform.base.name + ", " + platform_name +
         ".\nBuilds without envforge, with BuildKit: DOCKER_BUILDKIT=1 docker build .\n" +
         "Behind a network that inspects TLS add: --secret id=" + std::string(kCaBundleSecret) + ",src=BUNDLE.pem";
}

std::string blank_free(const std::string& value, const std::string& what) {
  const bool good =
      std::all_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20; });
  if (value.empty() || !good) {
    throw Error(ErrorCode::kUnprintableValue,
                "'" + support::printable(value) + "' cannot be " + what + ": expected no blanks or newlines");
  }
  return value;
}

}  // namespace

RenderedImage render(const documents::Lock& lock, const std::string& platform, const TorchGroupSources& torch_group) {
  const auto found = lock.platforms.find(platform);
  if (found == lock.platforms.end()) throw Error(ErrorCode::kInternal, "the lock has no platform '" + platform + "'");
  const StageInput input{lock, found->second, torch_group};

  RenderedImage out;
  out.tree.comment = header(input, platform);
  out.tree.stages = {base_stage(input), environment_stage(input)};
  for (auto& stage : check_stages(input)) out.tree.stages.push_back(std::move(stage));
  for (auto& stage : torch_group_stages(input)) out.tree.stages.push_back(std::move(stage));
  out.tree.stages.push_back(image_stage(input));
  add_references(input, out);
  add_copies(input, out);
  finish(out);
  return out;
}

RenderedImage render_devel(const documents::Lock& lock, const std::string& platform) {
  const auto found = lock.platforms.find(platform);
  if (found == lock.platforms.end()) throw Error(ErrorCode::kInternal, "the lock has no platform '" + platform + "'");
  // Up to the wheels that are to be built it is the image, so that the builder has each layer once.
  documents::LockedPlatform without = found->second;
  std::erase_if(without.wheels, [](const auto& wheel) { return wheel.index == documents::kBuiltHere; });
  const TorchGroupSources no_group;
  const StageInput input{lock, without, no_group};
  RenderedImage out;
  out.tree.comment =
      "Made by envforge: the environment of an image with compilers, to build packages from their sources.";
  out.tree.stages = {base_stage(input), environment_stage(input), devel_stage(input)};
  add_references(input, out);
  add_build_references(input, out);
  finish(out);
  return out;
}

std::string archived_python(const documents::LockedPlatform& platform) {
  return "/opt/python-" + platform.python;
}

std::string site_secret(const SiteNetwork& site) {
  std::string out;
  for (const auto& mirror : site.mirrors) {
    out += "index " + blank_free(mirror.index, "an index") + " " + blank_free(mirror.mirror, "a mirror") + "\n";
  }
  if (!site.http_proxy.empty()) out += "http_proxy " + blank_free(site.http_proxy, "a proxy") + "\n";
  if (!site.https_proxy.empty()) out += "https_proxy " + blank_free(site.https_proxy, "a proxy") + "\n";
  if (!site.no_proxy.empty()) out += "no_proxy " + blank_free(site.no_proxy, "a list of hosts without proxy") + "\n";
  return out;
}

}  // namespace envforge::render
