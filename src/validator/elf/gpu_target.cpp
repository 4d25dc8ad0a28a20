#include "elf/gpu_target.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace envforge::validator::elf {
namespace {

// Capabilities of Tegra (Jetson, DRIVE): CUDA C++ Programming Guide, "Compute Capabilities" and the note on binary
// compatibility; 10.1 is the name of 11.0 before CUDA 13. Checked 2026-11-21.
constexpr std::array<std::pair<int, int>, 7> kTegra{{{3, 2}, {5, 3}, {6, 2}, {7, 2}, {8, 7}, {10, 1}, {11, 0}}};

bool is_tegra(const GpuTarget& target) {
  return std::find(kTegra.begin(), kTegra.end(), std::pair(target.major, target.minor)) != kTegra.end();
}

bool same_number(const GpuTarget& a, const GpuTarget& b) {
  return a.major == b.major && a.minor == b.minor;
}

std::string number(const GpuTarget& target) {
  std::string text = std::to_string(target.major) + std::to_string(target.minor);
  if (target.suffix != 0) text += target.suffix;
  return text;
}

}  // namespace

std::optional<GpuTarget> parse_gpu_target(std::string_view text) {
  GpuTarget target;
  if (!text.empty() && (text.back() == 'a' || text.back() == 'f')) {
    target.suffix = text.back();
    text.remove_suffix(1);
  }
  const auto dot = text.find('.');
  if (dot == 0 || dot > 2 || text.size() != dot + 2) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == dot) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    if (i < dot) target.major = target.major * 10 + (text[i] - '0');
  }
  target.minor = text.back() - '0';
  return target;
}

std::string capability_name(const GpuTarget& target) {
  std::string text = std::to_string(target.major) + "." + std::to_string(target.minor);
  if (target.suffix != 0) text += target.suffix;
  return text;
}

std::string sass_name(const GpuTarget& target) {
  return "sm_" + number(target);
}

std::string ptx_name(const GpuTarget& target) {
  return "compute_" + number(target);
}

bool sass_runs_on(const GpuTarget& code, const GpuTarget& gpu) {
  if (same_number(code, gpu)) return true;
  if (code.suffix == 'a' || is_tegra(code) || is_tegra(gpu)) return false;
  return code.major == gpu.major && code.minor <= gpu.minor;
}

bool ptx_compiles_for(const GpuTarget& code, const GpuTarget& gpu) {
  if (code.suffix != 0) return sass_runs_on(code, gpu);
  return code.major < gpu.major || (code.major == gpu.major && code.minor <= gpu.minor);
}

}  // namespace envforge::validator::elf
