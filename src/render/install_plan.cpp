#include "install_plan.hpp"

#include <algorithm>
#include <map>

#include <envforge/support/text.hpp>

#include "escape.hpp"

namespace envforge::render {
namespace {

using documents::LockedPlatform;
using documents::LockedWheel;

constexpr std::string_view kFolderIndex = "folder";

// NVIDIA's libraries and triton apart from torch: builders write two big layers at once, and a torch that keeps its
// CUDA libraries keeps their layer.
bool is_cuda_library(const LockedWheel& wheel) {
  return support::starts_with(wheel.name, "nvidia-") || support::starts_with(wheel.name, "cuda-") ||
         wheel.name == "triton";
}

bool is_built(const LockedWheel& wheel) {
  return wheel.index == documents::kBuiltHere;
}
// It lies in the context, whether the site has it or a build made it.
bool is_file(const LockedWheel& wheel) {
  return wheel.index == kFolderIndex || is_built(wheel);
}

std::string requirement_lines(const std::vector<LockedWheel>& wheels) {
  std::string out;
  for (const auto& wheel : wheels) {
    const bool by_address = support::ends_with(wheel.index, ".whl");
    out += flag_value(wheel.name) + (by_address ? " @ " + flag_value(wheel.index) : "==" + flag_value(wheel.version)) +
           " \\\n    --hash=sha256:" + flag_value(wheel.sha256) + "\n";
  }
  return out;
}

WheelLayer make_layer(std::string name, std::string comment, std::vector<LockedWheel> wheels) {
  std::sort(wheels.begin(), wheels.end(), [](const LockedWheel& a, const LockedWheel& b) { return a.name < b.name; });
  std::map<std::string, std::vector<LockedWheel>> by_index;
  for (const auto& wheel : wheels) by_index[is_file(wheel) ? "" : wheel.index].push_back(wheel);

  WheelLayer layer{std::move(name), std::move(comment), {}, {}};
  for (const auto& [index, members] : by_index) {
    const std::string number = layer.groups.empty() ? "" : "-" + std::to_string(layer.groups.size() + 1);
    layer.groups.push_back({index, "requirements/" + layer.name + number + ".txt", requirement_lines(members)});
    if (index.empty()) layer.from_folder = members;
  }
  return layer;
}

std::vector<WheelLayer> without_empty(std::vector<WheelLayer> layers) {
  std::erase_if(layers, [](const WheelLayer& layer) { return layer.groups.empty(); });
  return layers;
}

std::vector<LockedWheel> select(const LockedPlatform& platform, bool (*wanted)(const LockedWheel&)) {
  std::vector<LockedWheel> out;
  std::copy_if(platform.wheels.begin(), platform.wheels.end(), std::back_inserter(out), wanted);
  return out;
}

}  // namespace

std::vector<WheelLayer> shared_layers(const LockedPlatform& platform) {
  return without_empty({
      make_layer("cuda", "The CUDA libraries that this torch is built for, as its wheels pin them.",
                 select(platform, [](const LockedWheel& w) { return w.heavy && is_cuda_library(w); })),
      make_layer("torch", "PyTorch itself. Up to here, every image with these versions has the same layers.",
                 select(platform, [](const LockedWheel& w) { return w.heavy && !is_cuda_library(w); })),
      make_layer("toolkit", "NVIDIA's compiler with its headers, and what torch.utils.cpp_extension imports.",
                 select(platform, [](const LockedWheel& w) { return w.toolkit; })),
  });
}

std::vector<WheelLayer> recipe_layers(const LockedPlatform& platform) {
  return without_empty({
      make_layer("packages", "The other Python packages: what torch needs, and the recipe's own.",
                 select(platform, [](const LockedWheel& w) { return !w.heavy && !w.toolkit && !is_built(w); })),
      make_layer("built", "Packages that were built from their sources against this torch.",
                 select(platform, [](const LockedWheel& w) { return is_built(w); })),
  });
}

std::vector<WheelLayer> build_tool_layers(const LockedPlatform& platform) {
  return without_empty({make_layer("build-tools", "What the packages are built with, beside what the image has.",
                                   platform.build_wheels)});
}

}  // namespace envforge::render
