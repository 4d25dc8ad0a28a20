#include <envforge/compat/machine_code.hpp>

#include <string>
#include <tuple>
#include <utility>

#include <envforge/support/text.hpp>

namespace envforge::compat {
namespace {

std::pair<int, int> cc_of(const Architecture& gpu) {
  const auto cc = versions::Version::of(gpu.cc);
  return {static_cast<int>(cc.major()), static_cast<int>(cc.minor())};
}

bool is_tegra(const CodeTarget& target, const Knowledge& knowledge) {
  const auto* row = knowledge.architecture(std::to_string(target.major) + "." + std::to_string(target.minor));
  return row != nullptr && row->tegra;
}

}  // namespace

std::optional<CodeTarget> parse_code_target(std::string_view text) {
  CodeTarget target;
  if (support::starts_with(text, "compute_")) {
    target.ptx = true;
    text.remove_prefix(8);
  } else if (support::starts_with(text, "sm_")) {
    text.remove_prefix(3);
  } else {
    return std::nullopt;
  }
  if (!text.empty() && (text.back() == 'a' || text.back() == 'f')) {
    target.suffix = text.back();
    text.remove_suffix(1);
  }
  if (text.size() < 2 || text.size() > 3 || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  target.minor = text.back() - '0';
  text.remove_suffix(1);
  for (const char digit : text) target.major = target.major * 10 + (digit - '0');
  return target;
}

std::string sm_name(std::string_view cc) {
  const auto version = versions::Version::of(cc);
  return "sm_" + std::to_string(version.major()) + std::to_string(version.minor());
}

bool runs_on(const CodeTarget& target, const Architecture& gpu, const Knowledge& knowledge) {
  const auto [major, minor] = cc_of(gpu);
  if (target.suffix == 'a') return target.major == major && target.minor == minor;
  if (target.ptx && target.suffix == 0) return std::pair(target.major, target.minor) <= std::pair(major, minor);
  return target.major == major && target.minor <= minor && is_tegra(target, knowledge) == gpu.tegra;
}

std::string_view serving_code(const KnownList& list, const Architecture& gpu, const Knowledge& knowledge) {
  std::string_view best;
  std::tuple<int, int, int> highest;
  for (const std::string_view name : list.names) {
    const auto target = parse_code_target(name);
    if (!target || !runs_on(*target, gpu, knowledge)) continue;
    // Of one capability the plain name, which the GPU's own is.
    const std::tuple key(target->major, target->minor, -target->suffix);
    if (!best.empty() && key <= highest) continue;
    best = name;
    highest = key;
  }
  return best;
}

Coverage coverage(const BuildPlatform& build, const Architecture& gpu, const Knowledge& knowledge) {
  if (!serving_code(build.sass, gpu, knowledge).empty())
    return build.sass.verified ? Coverage::kMachineCode : Coverage::kLikely;
  if (!serving_code(build.ptx, gpu, knowledge).empty()) return build.ptx.verified ? Coverage::kPtx : Coverage::kLikely;
  return build.sass.known && build.sass.verified ? Coverage::kNone : Coverage::kUnknown;
}

}  // namespace envforge::compat
