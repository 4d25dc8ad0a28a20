#include "support/app_world.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <envforge/app/load_recipe.hpp>
#include <envforge/render/render.hpp>
#include <envforge/resolve/resolve.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/spec_builder.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What the check stage of an image with exactly the locked packages writes.
json installed(const documents::LockedPlatform& locked) {
  json packages = json::array();
  for (const auto& wheel : locked.wheels)
    packages.push_back({{"name", wheel.name}, {"version", wheel.version}, {"bytes", wheel.size}});
  json nccl = json::array();
  for (const auto& part : support::split(locked.nccl, '.')) nccl.push_back(std::stoi(part));
  return {{"schema", "envforge/installed"},
          {"schema_version", 1},
          {"python", locked.python_archive ? locked.python_archive->version : locked.python + ".2"},
          {"packages", packages},
          {"torch",
           {{"version", locked.torch + "+" + locked.cuda_variant},
            {"cuda", locked.cuda},
            {"cudnn", nullptr},
            {"nccl", nccl}}}};
}

std::string digest_of(const std::string& text) {
  return "sha256:" + support::sha256_hex(text);
}

}  // namespace

FakeUniverse shipped_torch_universe() {
  FakeUniverse universe;
  auto& shelf = universe[""];
  for (const char* torch : {"==2.6.*", "==2.7.*"}) {
    const auto spec = SpecBuilder().torch(torch).include("torchvision").pool({"H100"}, "580.65.06").spec();
    const auto outcome = resolve::resolve(spec, compat::embedded());
    for (const auto& pin : std::get<resolve::Solution>(outcome).platforms.at(0).pins) {
      const bool known = std::any_of(shelf.begin(), shelf.end(), [&](const FakePackage& package) {
        return package.name == pin.package && package.version == pin.version;
      });
      if (!known) shelf.push_back({pin.package, pin.version, {}, "py3-none-any", false, 0});
    }
  }
  shelf.push_back({"uv", "0.9.0", {}, "py3-none-any", false, 0});
  shelf.push_back({"jupyterlab", "4.4.0", {}, "py3-none-any", false, 0});
  shelf.push_back({"numpy", "2.1.0", {}, "py3-none-any", false, 0});
  shelf.push_back({"numpy", "2.2.0", {}, "py3-none-any", false, 0});
  return universe;
}

std::vector<FakeDeb> small_mirror() {
  std::vector<FakeDeb> debs = {{"base-files", "12.4", {}, true}, {"dpkg", "1.21", {}, true}};
  for (const char* name : {"python3", "ca-certificates", "tini", "libstdc++6", "gcc", "g++", "libc6-dev", "python3-dev",
                           "openssh-server", "tmux"})
    debs.push_back({name, "1.0"});
  debs.push_back({"git", "2.39", {"git-man"}});
  debs.push_back({"git-man", "2.39"});
  return debs;
}

std::string recipe_text(const std::string& torch, const std::string& more) {
  return "schema: envforge/recipe/v1\nimage: team/env\ntarget:\n"
         "  - {name: hopper, gpus: H100, driver: \"580.65.06\"}\nbase: debian:12\ntorch: \"" +
         torch + "\"\n" + more;
}

AppWorld::AppWorld()
    : world_{processes,
             engine,
             python,
             debs,
             downloads,
             bases,
             knowledge_,
             site,
             events,
             [] { return std::string("2026-11-21T12:00:00Z"); },
             [this](int bytes) {
               return support::sha256_hex(std::to_string(++made_)).substr(0, static_cast<std::size_t>(bytes) * 2);
             },
             "0.1.0",
             "",
             (folder_.path() / "report.key").string(),
             (folder_.path() / "cache").string()} {
  engine.on_build = [this](const engine::BuildRequest& request, const engine::OnBuildEvent&) { return build(request); };
}

documents::Recipe AppWorld::recipe(const std::string& text) const {
  support::write_file_atomically(folder_.path() / "env.yaml", text);
  return app::load_recipe(path("env.yaml"), site);
}

documents::Lock AppWorld::written_lock() const {
  return documents::read_lock(support::read_file(path("env.lock")), "env.lock");
}

std::vector<std::string> AppWorld::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(folder_.path()).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

engine::BuildResult AppWorld::build(const engine::BuildRequest& request) {
  const auto scripted = build_results.find(request.target);
  if (scripted != build_results.end()) return scripted->second;
  engine::BuildResult result;
  result.ok = true;
  const std::string local = support::starts_with(request.output, "local:") ? request.output.substr(6) : "";
  if (request.target == render::kCheckTarget) {
    json report = installed(written_lock().platforms.begin()->second);
    if (change_installed) change_installed(report);
    support::write_file_atomically(fs::path(local) / render::kCheckFile, report.dump());
  } else if (request.target == render::kTorchGroupTarget) {
    support::write_file_atomically(fs::path(local) / render::kTorchGroupFile, "torch group");
  } else {
    engine::ImageInfo info;
    info.id = digest_of(support::read_file(fs::path(request.context_dir) / "Dockerfile"));
    info.os = "linux";
    info.architecture = engine.engine_info.architecture;
    info.bytes = image_bytes;
    result.image_id = info.id;
    engine.add_image(info.id, info, {{"RUN uv", image_bytes}});
    if (support::starts_with(request.output, "oci-dir:")) {
      result.manifest_digest = digest_of("manifest in the layout");
      result.index_digest = digest_of("index of the layout");
    }
  }
  return result;
}

}  // namespace envforge::testing
