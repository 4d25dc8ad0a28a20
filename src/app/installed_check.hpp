// installed == locked: what the check stage read from inside the image, held against the lock.
#pragma once

#include <string>
#include <vector>

#include <envforge/app/build_image.hpp>
#include <envforge/documents/lock.hpp>

namespace envforge::app {

struct InstalledCheck {
  std::vector<std::string> differences;  // empty = installed == locked
  std::vector<std::string> unread;       // what could not be asked from inside, with the reason
  std::string torch, torch_cuda, cudnn, nccl, python;
  int wheels = 0;
  std::vector<PackageSize> largest;  // ten, the largest first
};

/// `json` is the file that the check stage wrote. Throws Error{kCheckStage} when it is not that.
InstalledCheck check_installed(const std::string& json, const documents::LockedPlatform& locked);

}  // namespace envforge::app
