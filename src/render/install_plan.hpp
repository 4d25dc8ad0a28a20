// Which wheels go into which layer, from which index, and the requirements files that say so. Used by render() alone.
#pragma once

#include <string>
#include <vector>

#include <envforge/documents/lock.hpp>

namespace envforge::render {

/// The wheels of one index within one layer: one call of uv.
struct WheelGroup {
  std::string index;              // URL, or "" for the wheels/ folder of the context
  std::string requirements_path;  // below the context
  std::string requirements;       // the file's content
  friend bool operator==(const WheelGroup&, const WheelGroup&) = default;
};

struct WheelLayer {
  std::string name;     // cuda, torch, toolkit, packages, built, build-tools: also the folder below wheels/
  std::string comment;  // what the Dockerfile says of it
  std::vector<WheelGroup> groups;
  std::vector<documents::LockedWheel> from_folder;
  friend bool operator==(const WheelLayer&, const WheelLayer&) = default;
};

/// Layers without wheels are left out. The order is that of the image: what changes least comes first.
std::vector<WheelLayer> shared_layers(const documents::LockedPlatform& platform);
std::vector<WheelLayer> recipe_layers(const documents::LockedPlatform& platform);
/// Only in the stage that builds packages from their sources.
std::vector<WheelLayer> build_tool_layers(const documents::LockedPlatform& platform);

}  // namespace envforge::render
