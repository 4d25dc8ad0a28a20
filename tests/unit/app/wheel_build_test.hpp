// Packages that are built from their sources, on twins: an engine that leaves a wheel, and an index with strangers.
#pragma once

#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/app/build_image.hpp>
#include <envforge/render/render.hpp>
#include <envforge/support/files.hpp>

#include "support/app_world.hpp"

namespace envforge::app {

namespace fs = std::filesystem;

inline constexpr const char* kLocal = "tags: [v1]\npackages:\n  build: [{source: \"ops @ ./ops\", pools: []}]\n";
inline constexpr const char* kWheel = "ops-1.0-cp311-cp311-linux_x86_64.whl";

class WheelBuildTest : public ::testing::Test {
 protected:
  WheelBuildTest() {
    auto universe = testing::shipped_torch_universe();
    for (const char* tool : {"setuptools", "wheel", "ninja", "packaging", "psutil", "nvidia-cuda-nvcc", "nvidia-nvvm",
                             "nvidia-cuda-crt", "nvidia-cuda-cccl"})
      universe[""].push_back({tool, "13.0.1", {}, "py3-none-any", false, 0});
    universe[""].push_back({"fast-ops", "2.0", {}, "", true, 0});
    universe[""].push_back({"ops", "9.9", {}, "py3-none-any", false, 0});  // somebody else's of that name
    universe[""].push_back({"uses-ops", "1.0", {"ops>=1", "numpy"}, "py3-none-any", false, 0});
    universe[""].push_back({"uses-fast-ops", "1.0", {"fast-ops>=3"}, "py3-none-any", false, 0});
    universe[""].push_back({"torch", "2.12.0", {}, "cp311-cp311-manylinux_2_28_x86_64", false, 0});  // CUDA 13.0
    at_.python = testing::FakePythonResolver(universe);
    support::write_file_atomically(at_.path("ops/setup.py"), "setup()");
    auto others = at_.engine.on_build;
    at_.engine.on_build = [this, others](const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) {
      if (request.target != render::kBuiltTarget) return others(request, on_event);
      return compile(request);
    };
    options_.torch_group = false;
    // The installed packages are the test's lock; the twin knows only the written one.
  }

  engine::BuildResult compile(const engine::BuildRequest& request) {
    ++compiled_;
    networks_.push_back(request.network);
    engine::BuildResult result;
    result.ok = build_works_;
    result.failed_step = "build-wheel";
    result.last_lines = {"error: no such header"};
    if (!build_works_) return result;
    const fs::path out = request.output.substr(std::string("local:").size());
    support::write_file_atomically(out / built_["filename"].get<std::string>(), wheel_bytes_);
    support::write_file_atomically(out / render::kBuiltFile, built_.dump());
    return result;
  }

  LockResult lock(const std::string& more = kLocal, const std::string& torch = "2.6", LockOptions options = {}) {
    return lock_recipe(at_.world(), at_.recipe(testing::recipe_text(torch, more)), options);
  }
  BuildReport build(const std::string& more = kLocal) {
    return build_image(at_.world(), at_.recipe(testing::recipe_text("2.6", more)), options_);
  }
  documents::LockedPlatform written() const { return at_.written_lock().platforms.at("linux/amd64"); }

  testing::AppWorld at_;
  BuildOptions options_;
  nlohmann::json built_ = {
      {"name", "ops"}, {"version", "1.0"}, {"filename", kWheel}, {"machine_code", nlohmann::json::array()}};
  std::string wheel_bytes_ = "wheel";
  bool build_works_ = true;
  int compiled_ = 0;
  std::vector<std::string> networks_;
};

}  // namespace envforge::app
