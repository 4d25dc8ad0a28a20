#include <envforge/documents/source_package.hpp>
#include <envforge/support/text.hpp>

#include "stages.hpp"

namespace envforge::render {
namespace {

using documents::LockedBuild;
using documents::SourceKind;

// What a build step of ours needs beside the image: uv, the script, the list of what the image has.
constexpr std::string_view kTools = "/opt/from-source";
const std::string kVenvPython = std::string(kVenv) + "/bin/python";

Mount secret(std::string_view id) {
  return SecretMount{std::string(id), "/run/secrets/" + std::string(id)};
}

std::string folder_of(const LockedBuild& build) {
  return std::string(kSources) + "/" + build.name;
}

Run fetch(const LockedBuild& build, const documents::SourceAddress& source) {
  std::vector<Mount> mounts = {BindMount{"build", "/run/build", ""}, BindMount{"from_source", "/run/from_source", ""},
                               secret(kCaBundleSecret), secret(kSiteSecret)};
  Run run;
  if (source.kind == SourceKind::kSdist) {
    run.commands = {{{"sh", "/run/build/with-site", build.index, kVenvPython, "-I", "/run/from_source/fetch-sdist",
                      build.name, build.filename, build.sha256, folder_of(build)},
                     ""}};
  } else {
    mounts.push_back(secret(kGitSecret));
    run.commands = {{{"sh", "/run/build/with-site", source.url, "sh", "/run/from_source/fetch-commit", source.url,
                      source.commit, folder_of(build)},
                     ""}};
  }
  run.mounts = mounts_below_run(std::move(mounts));
  return run;
}

void add_source(const LockedBuild& build, Stage& stage) {
  const auto source = documents::parse_source(build.source);
  const bool here = source.kind == SourceKind::kLocal || build.index == "folder";
  if (here) {
    stage.instructions.push_back(
        {"The source of " + build.name + ".", Copy{"", "", "sources/" + build.name, folder_of(build)}, {}});
    return;
  }
  stage.instructions.push_back(
      {"The source of " + build.name + ", fetched by its hash; nothing of it is run here.", fetch(build, source), {}});
}

// Wheels that were built before, for this build alone; unpacking them runs nothing of theirs.
void add_needed(const std::vector<std::string>& wheels, Stage& stage) {
  Run install;
  install.commands = {{{std::string(kTools) + "/uv", "pip", "install", "--python=" + kVenvPython, "--no-config",
                        "--no-cache", "--no-deps", "--no-index", "--offline"},
                       ""}};
  for (const auto& wheel : wheels) {
    const std::string place = std::string(kTools) + "/needed/" + wheel;
    stage.instructions.push_back({"", Copy{"", "", wheel, place}, {}});
    install.commands[0].argv.push_back(place);
  }
  stage.instructions.push_back({"What its build needs of those that were built before.", std::move(install), {}});
}

bool has_cuda(const documents::LockedPlatform& platform) {
  for (const auto& build : platform.builds) {
    if (!build.architectures.empty()) return true;
  }
  return false;
}

}  // namespace

Stage devel_stage(const StageInput& input) {
  Stage stage;
  stage.comment = "Not part of the image: compilers, and the sources of what is to be built.";
  stage.from = "environment";
  stage.name = kDevelTarget;
  if (!input.platform.builder_debs.empty()) stage.instructions.push_back({"", install_debs("builder"), {}});
  add_wheel_layers(build_tool_layers(input.platform), stage);
  if (has_cuda(input.platform) && !documents::is_devel(input.lock.spec)) stage.instructions.push_back(make_cuda_home());
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"build/uv", "uv"},
                                 {"from_source/build-wheel", "build-wheel"},
                                 {std::string(kLockedList), "locked.txt"}})
    stage.instructions.push_back({"", Copy{"", "", from, std::string(kTools) + "/" + to}, {}});
  for (const auto& build : input.platform.builds) add_source(build, stage);
  return stage;
}

std::string render_wheel_build(const std::string& devel_image, const documents::LockedPlatform& locked,
                               const LockedBuild& build, const std::vector<std::string>& wheels) {
  const auto source = documents::parse_source(build.source);
  Stage compile;
  compile.comment = "Here, and nowhere else, code of the package's own runs: without a network, without root.";
  compile.from = devel_image;
  compile.name = "compile";
  if (!wheels.empty()) add_needed(wheels, compile);
  Run run;
  run.commands = {{{kVenvPython, "-I", std::string(kTools) + "/build-wheel", build.name,
                    folder_of(build) + (source.subdirectory.empty() ? "" : "/" + source.subdirectory),
                    std::to_string(locked.cxx11_abi), support::join(build.architectures, " ")},
                   ""}};
  for (const auto& [variable, value] : build.environment) run.commands[0].argv.push_back(variable + "=" + value);
  compile.instructions.push_back({"", std::move(run), {}});
  Stage out;
  out.from = "scratch";
  out.name = kBuiltTarget;
  out.instructions.push_back({"", Copy{"compile", "", "/out/", "/"}, {}});
  Dockerfile tree;
  tree.comment = "Made by envforge: builds " + build.name + " from its source.";
  tree.stages = {std::move(compile), std::move(out)};
  return print(tree);
}

}  // namespace envforge::render
