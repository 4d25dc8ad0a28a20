// The validator's torch group: compiled against one torch build, kept on this host, found again by what it was compiled
// for.
#pragma once

#include <filesystem>
#include <string>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>

namespace envforge::app {

struct TorchGroup {
  std::filesystem::path program;  // "" = there is none for this image
  std::string why_absent;
};

/// Where the group for a locked platform is kept: by torch build, ABI, Python, platform and the group's sources.
std::filesystem::path torch_group_path(const World& world, const documents::LockedPlatform& locked,
                                       const std::string& platform);
/// The group that was compiled with the image's recipe, by the labels that name its torch build.
TorchGroup find_torch_group(const World& world, const engine::ImageInfo& image);

}  // namespace envforge::app
