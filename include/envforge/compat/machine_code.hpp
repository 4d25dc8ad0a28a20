// NVIDIA's binary compatibility: which GPU runs which code. SASS X.y runs on X.z, z >= y, of the same major; a suffix
// `a` runs on exactly that GPU, `f` on the same family from that minor on; Tegra and discrete GPUs are apart; PTX is
// compiled by the driver for any GPU of equal or higher compute capability.
#pragma once

#include <optional>
#include <string_view>

#include <envforge/compat/knowledge.hpp>

namespace envforge::compat {

/// "sm_90a", "compute_120f".
struct CodeTarget {
  bool ptx = false;
  int major = 0;
  int minor = 0;
  char suffix = 0;  // 0, 'a' or 'f'
};
std::optional<CodeTarget> parse_code_target(std::string_view text);

/// "9.0" -> "sm_90".
std::string sm_name(std::string_view cc);

/// Whether machine code (or PTX) of `target` can run on a GPU of `gpu`. What PTX asks of the driver is a question
/// apart.
bool runs_on(const CodeTarget& target, const Architecture& gpu, const Knowledge& knowledge);

/// The highest name of the list that runs on the GPU; "" if none does.
std::string_view serving_code(const KnownList& list, const Architecture& gpu, const Knowledge& knowledge);

enum class Coverage {
  kMachineCode,  // it has machine code for the GPU
  kPtx,          // only PTX, which the driver must compile
  kLikely,       // so says a list that is not verified
  kUnknown,      // no list, or an unverified list without it: nobody can say
  kNone,         // a verified list without code for the GPU
};
/// A list of PTX that is not known counts as none: without machine code only evidence of PTX makes a build run.
Coverage coverage(const BuildPlatform& build, const Architecture& gpu, const Knowledge& knowledge);

}  // namespace envforge::compat
