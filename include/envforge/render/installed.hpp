// What the build stage kCheckTarget wrote: what is really in the environment, and how it differs from the lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <envforge/documents/lock.hpp>

namespace envforge::render {

struct InstalledPackage {
  std::string name;  // normalised: nvidia-cublas-cu12
  std::string version;
  std::uint64_t bytes = 0;
  friend bool operator==(const InstalledPackage&, const InstalledPackage&) = default;
};

struct Installed {
  std::string python;                      // 3.11.2
  std::vector<InstalledPackage> packages;  // sorted by name
  std::string torch;                       // 2.6.0+cu124; "" = it could not be imported
  std::string cuda;                        // 12.4; "" = a build without CUDA
  std::string cudnn;                       // 9.1.0, as the library says; "" = not known
  std::string nccl;                        // 2.21.5, as the library says; "" = not known
  std::string torch_error;                 // why it could not be imported, or which question failed
  friend bool operator==(const Installed&, const Installed&) = default;
};

/// Throws Error{kMalformedJson}.
Installed read_installed(const std::string& json_text);

/// One sentence for each difference between the lock and the image; empty = installed equals locked.
std::vector<std::string> differences(const documents::LockedPlatform& locked, const Installed& installed);

/// The `count` largest, largest first.
std::vector<InstalledPackage> largest(const Installed& installed, std::size_t count = 10);

}  // namespace envforge::render
