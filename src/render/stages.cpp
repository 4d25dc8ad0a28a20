#include "stages.hpp"

#include <algorithm>
#include <iterator>

#include <envforge/support/error.hpp>

#include "escape.hpp"
#include "install_plan.hpp"

namespace envforge::render {
namespace {

using documents::BaseKind;
using documents::LockedDeb;

// Every file below /opt has this time, so that a layer's bytes do not depend on when it was made.
constexpr std::string_view kLayerTime = "2020-01-01T00:00:00Z";
const std::string kVenvPython = std::string(kVenv) + "/bin/python";

std::vector<std::string> uv_install(const WheelGroup& group) {
  std::vector<std::string> argv;
  if (!group.index.empty()) argv = {"sh", "/run/build/with-site", group.index};
  argv.insert(argv.end(), {"/run/build/uv", "pip", "install", "--python=" + kVenvPython, "--no-config", "--no-deps",
                           "--no-build", "--require-hashes", "--link-mode=copy", "--cache-dir=/run/cache"});
  if (group.index.empty()) argv.insert(argv.end(), {"--offline", "--no-index", "--find-links=/run/wheels"});
  argv.push_back("--requirements=/run/" + group.requirements_path);
  return argv;
}

// Within the step that wrote the files: later, it would copy every one of them into a second layer.
Command fixed_times() {
  return {{"find", "/opt", "-newermt", std::string(kLayerTime), "-exec", "touch", "--no-dereference",
           "--date=" + std::string(kLayerTime), "{}", "+"},
          ""};
}

// uv notes the time of a wheel that it took from a folder; the layer shall not depend on it.
std::vector<Command> forget_folder_times() {
  const std::string packages = std::string(kVenv) + "/lib";
  const std::string since = std::string(kLayerTime);
  return {{{"find", packages, "-name", "uv_cache.json", "-delete"}, ""},
          {{"find", packages, "-path", "*.dist-info/RECORD", "-newermt", since, "-exec", "sed", "-i",
            "/uv_cache.json,/d", "{}", "+"},
           ""}};
}

Run install_wheels(const WheelLayer& layer) {
  Run run;
  std::vector<Mount> mounts = {BindMount{"build", "/run/build", ""}};
  bool network = false;
  for (const auto& group : layer.groups) {
    mounts.push_back(BindMount{group.requirements_path, "/run/" + group.requirements_path, ""});
    network = network || !group.index.empty();
  }
  if (!layer.from_folder.empty()) mounts.push_back(BindMount{"wheels/" + layer.name, "/run/wheels", ""});
  mounts.push_back(CacheMount{"envforge-uv", "/run/cache"});
  if (network) {
    mounts.push_back(SecretMount{std::string(kCaBundleSecret), "/run/secrets/" + std::string(kCaBundleSecret)});
    mounts.push_back(SecretMount{std::string(kSiteSecret), "/run/secrets/" + std::string(kSiteSecret)});
  }
  run.mounts = mounts_below_run(std::move(mounts));
  for (const auto& group : layer.groups) run.commands.push_back({uv_install(group), ""});
  if (!layer.from_folder.empty()) {
    for (auto& command : forget_folder_times()) run.commands.push_back(std::move(command));
  }
  run.commands.push_back({{"rm", "-f", std::string(kVenv) + "/.lock"}, ""});  // uv's, writable for everyone
  run.commands.push_back(fixed_times());
  return run;
}

Run make_venv(const StageInput& input) {
  Run run;
  run.mounts = mounts_below_run({BindMount{"build", "/run/build", ""}});
  const bool archived = input.platform.python_archive.has_value();
  const std::string home = archived ? archived_python(input.platform) : "/usr";
  const std::string python = home + "/bin/python" + input.platform.python;
  if (archived) {
    // dpkg compiles the modules of a base's own Python; nobody may write here later. Compiled files that follow no
    // times stay good whatever becomes of the times.
    run.commands.push_back({{python, "-I", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "-x",
                             "/(test|tests|lib2to3|site-packages)/", home + "/lib/python" + input.platform.python},
                            ""});
  }
  run.commands.push_back(
      {{"/run/build/uv", "venv", "--no-config", "--no-cache", "--python=" + python, std::string(kVenv)}, ""});
  run.commands.push_back(fixed_times());
  return run;
}

Run make_link_libcuda() {
  const std::string folder(kLinkLibcuda);
  Run run;
  run.mounts = mounts_below_run({BindMount{"torch_compile", "/run/torch_compile", ""}});
  run.commands = {{{"mkdir", "-p", folder}, ""},
                  {{"gcc", "-shared", "-nostdlib", "-s", "-Wl,-soname,libcuda.so.1", "-o", folder + "/libcuda.so.1",
                    "/run/torch_compile/libcuda.c"},
                   ""},
                  {{"ln", "-s", "libcuda.so.1", folder + "/libcuda.so"}, ""},
                  fixed_times()};
  return run;
}

std::string base_comment(const documents::LockedBase& base) {
  switch (base.kind) {
    case BaseKind::kRegistry:
      return "The base: " + base.name + ", pinned by digest.";
    case BaseKind::kBootstrap:
      return "The base: " + base.name + ", made of the distribution's own packages; their digest is " + base.digest +
             ".";
    case BaseKind::kLocal:
      return "The base: an image that the engine had when the lock was made, with the id " + base.digest + ".";
  }
  throw support::Error(support::ErrorCode::kInternal, "a base of no known kind");
}

}  // namespace

std::vector<Mount> mounts_below_run(std::vector<Mount> more) {
  std::vector<Mount> mounts = {TmpfsMount{"/run"}};
  std::move(more.begin(), more.end(), std::back_inserter(mounts));
  return mounts;
}

Run install_debs(const std::string& folder, std::vector<Command> afterwards) {
  Run run;
  run.mounts = mounts_below_run({BindMount{"debs/" + folder, "/run/debs", ""}});
  run.commands = {
      {{"sha256sum", "--check", "--quiet", "/run/debs/SHA256SUMS"}, ""},
      // Unpacked in any order, then configured in dpkg's own, which checks every dependency.
      {{"dpkg", "--unpack", "--force-depends", "--force-unsafe-io", "--recursive", "/run/debs"}, ""},
      {{"env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--configure", "--force-unsafe-io", "--pending"}, ""},
      {{"rm", "-rf", "/var/log/dpkg.log", "/var/log/alternatives.log", "/var/cache/ldconfig/aux-cache",
        "/var/cache/debconf/config.dat-old", "/var/cache/debconf/templates.dat-old", "/var/lib/dpkg/status-old"},
       ""},
  };
  std::move(afterwards.begin(), afterwards.end(), std::back_inserter(run.commands));
  return run;
}

void add_wheel_layers(const std::vector<WheelLayer>& layers, Stage& stage) {
  for (const auto& layer : layers) stage.instructions.push_back({layer.comment, install_wheels(layer), {}});
}

Instruction make_cuda_home() {
  Run run;
  run.mounts = mounts_below_run({BindMount{"from_source", "/run/from_source", ""}});
  run.commands = {{{"sh", "/run/from_source/cuda-home", std::string(kVenv), std::string(kCudaHome)}, ""},
                  fixed_times()};
  return {"A toolkit's folder, as build scripts look for one, out of the wheels.", std::move(run), {}};
}

bool has_torch_compile(const documents::ImageSpec& spec) {
  return std::any_of(spec.capabilities.begin(), spec.capabilities.end(),
                     [](const auto& capability) { return capability.value == "torch_compile"; });
}

std::vector<LockedDeb> debs_of(const documents::LockedPlatform& platform, bool foundation) {
  std::vector<LockedDeb> out;
  std::copy_if(platform.debs.begin(), platform.debs.end(), std::back_inserter(out),
               [&](const LockedDeb& deb) { return deb.foundation == foundation; });
  return out;
}

Stage base_stage(const StageInput& input) {
  const auto& base = input.platform.base;
  Stage stage;
  stage.comment = base_comment(base);
  stage.name = "base";
  switch (base.kind) {
    case BaseKind::kRegistry:
      stage.from = base.reference;
      stage.digest = base.digest;
      break;
    case BaseKind::kBootstrap:
      stage.from = "scratch";
      stage.instructions.push_back({"", Add{"base.tar", "/"}, {}});
      break;
    case BaseKind::kLocal:
      stage.from = base.reference;
      break;
  }
  return stage;
}

Stage environment_stage(const StageInput& input) {
  Stage stage;
  stage.comment = "Everything that is installed. What several images share comes first, what changes most comes last.";
  stage.from = "base";
  stage.name = "environment";
  if (!debs_of(input.platform, true).empty()) {
    stage.instructions.push_back({std::string(input.platform.python_archive ? "" : "Python, ") +
                                      "CA certificates and tini, with what they need.",
                                  install_debs("foundation", {}),
                                  {}});
  }
  if (const auto& archive = input.platform.python_archive) {
    stage.instructions.push_back({"CPython " + archive->version + ", which the base does not have: " + archive->url +
                                      ", sha256 " + archive->sha256 + ".",
                                  Add{std::string(kPythonTar), "/"},
                                  {}});
  }
  stage.instructions.push_back({"The virtual environment. uv is mounted, never installed.", make_venv(input), {}});
  add_wheel_layers(shared_layers(input.platform), stage);
  if (!debs_of(input.platform, false).empty()) {
    std::vector<Command> afterwards;
    if (input.lock.spec.services.count("ssh") != 0) {
      // Host keys are made at the first start: keys in a layer would be everybody's.
      afterwards.push_back({{"find", "/etc/ssh", "-name", "ssh_host_*", "-delete"}, ""});
    }
    stage.instructions.push_back({"The recipe's system packages.", install_debs("image", std::move(afterwards)), {}});
  }
  if (has_torch_compile(input.lock.spec)) {
    stage.instructions.push_back(
        {"What triton links against, so that it need not find the driver's library by ldconfig's cache, which not "
         "every "
         "way of handing over GPUs brings up to date.",
         make_link_libcuda(),
         {}});
  }
  if (documents::is_devel(input.lock.spec)) stage.instructions.push_back(make_cuda_home());
  add_wheel_layers(recipe_layers(input.platform), stage);
  return stage;
}

std::vector<Stage> check_stages(const StageInput&) {
  Stage installed;
  installed.comment =
      "Not part of the image: what is really installed, read from inside. envforge compares it with the lock.";
  installed.from = "environment";
  installed.name = "installed";
  Run run;
  run.mounts = {BindMount{"check", "/run/check", ""}};
  run.commands = {{{"mkdir", "/out"}, ""},
                  {{kVenvPython, "-I", "/run/check/installed.py", "/out/" + std::string(kCheckFile)}, ""}};
  installed.instructions.push_back({"", std::move(run), {}});

  Stage out;
  out.comment = "docker build --target " + std::string(kCheckTarget) + " --output type=local,dest=DIR .";
  out.from = "scratch";
  out.name = kCheckTarget;
  out.instructions.push_back({"", Copy{"installed", "", "/out/", "/"}, {}});
  return {installed, out};
}

}  // namespace envforge::render
