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
/// The labels of an image that name its torch build, which find_torch_group reads back.
TorchGroup find_torch_group(const World& world, const engine::ImageInfo& image);

}  // namespace envforge::app
