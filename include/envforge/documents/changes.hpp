// What differs between two recipes or two locks, as data: `build` prints it when it locks anew, `diff` when it is
// asked.
#pragma once

#include <string>
#include <vector>

#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

/// One difference. An empty text says that the thing is absent on that side.
struct Change {
  std::string what;  // "torch.version", "packages.pip", "linux/amd64 wheel numpy"
  std::string before, after;
  friend bool operator==(const Change&, const Change&) = default;
};

/// In the order of the recipe's words; empty exactly when the two have the same spec_digest.
std::vector<Change> what_changed(const ImageSpec& old, const ImageSpec& now);
/// What two recipes say besides the image: run, size, tags, verify.
std::vector<Change> usage_changes(const Recipe& old, const Recipe& now);
/// The chosen versions of one platform, without its packages: "torch", "CUDA", "base" ...
std::vector<Change> version_changes(const LockedPlatform& old, const LockedPlatform& now);
/// The chosen versions first, then wheels and .debs by name; empty when both would make the same image from the same
/// compatibility data. Reasons are not compared.
std::vector<Change> what_changed(const Lock& old, const Lock& now);

}  // namespace envforge::documents
