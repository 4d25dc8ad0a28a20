// Which device code runs on which GPU. Used by the machine-code audit. It must not know files or GPUs by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace envforge::validator::elf {

/// A compute capability ("9.0"): of a GPU, or what code was made for. `suffix` is that of code only: 'a' = exactly
/// this capability, 'f' = its family, 0 = the usual rules.
struct GpuTarget {
  int major = 0;
  int minor = 0;
  char suffix = 0;

  friend bool operator==(const GpuTarget& a, const GpuTarget& b) {
    return a.major == b.major && a.minor == b.minor && a.suffix == b.suffix;
  }
  friend bool operator<(const GpuTarget& a, const GpuTarget& b) {
    if (a.major != b.major) return a.major < b.major;
    if (a.minor != b.minor) return a.minor < b.minor;
    return a.suffix < b.suffix;
  }
};

/// "9.0", "10.3", "9.0a"; nullopt for anything else.
std::optional<GpuTarget> parse_gpu_target(std::string_view text);
/// "9.0"
std::string capability_name(const GpuTarget& target);
/// "sm_90a"
std::string sass_name(const GpuTarget& target);
/// "compute_90a"
std::string ptx_name(const GpuTarget& target);

/// SASS X.y runs on X.z with z >= y; with 'a' on exactly X.y, with 'f' on the family from X.y on. The GPUs of Tegra
/// and the discrete ones do not run each other's SASS, however near their numbers are.
bool sass_runs_on(const GpuTarget& code, const GpuTarget& gpu);
/// PTX is compiled by the driver for any GPU of the same or a higher capability; with 'a' or 'f' as for SASS.
bool ptx_compiles_for(const GpuTarget& code, const GpuTarget& gpu);

}  // namespace envforge::validator::elf
