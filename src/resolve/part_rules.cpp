#include "part_rules.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/python_name.hpp>

namespace envforge::resolve {
namespace {

using compat::cite;
using versions::Truth;
using versions::Version;
using versions::VersionRange;

// Parts of NVIDIA's, which a package of theirs brings; the others go by their own name.
bool is_nvidias(std::string_view part) {
  return part == "cudnn" || part == "nccl" || part == "cublas";
}

// Another wheel of NVIDIA's, nvidia-cufft-cu12: its part goes by its whole name.
bool is_another_wheel(std::string_view part) {
  return support::starts_with(part, "nvidia-");
}

// Whatever the CUDA major, their wheels have one folder: nvidia/cudnn/lib, nvidia/nccl/lib. That of cuBLAS changes.
bool has_one_folder(std::string_view part) {
  return part == "cudnn" || part == "nccl";
}

// 12 of nvidia-cudnn-cu12, 0 of nvidia-cublas.
unsigned cuda_major_of(std::string_view package) {
  const auto at = package.rfind("-cu");
  unsigned major = 0;
  if (at != std::string_view::npos) std::from_chars(package.data() + at + 3, package.data() + package.size(), major);
  return major;
}

const compat::Evidence& evidence_of(const PartWish& wish, const BuildOption& option) {
  return is_nvidias(wish.part) || is_another_wheel(wish.part) ? option.build->evidence : option.release->evidence;
}

bool brings_triton(const Candidate& candidate, const BuildOption& option) {
  return candidate.python.empty() ? !option.release->triton.empty() : needs_triton(*option.release, candidate.python);
}

// PyPI serves a build under its version alone: no "+cu124" finds it there.
bool is_served_by_pypi(std::string_view platform, const BuildOption& option) {
  const auto* row = platform_of(*option.build, platform);
  return row != nullptr && row->on_pypi;
}

bool is_another_variant(const PartWish& wish, std::string_view platform, const BuildOption& option) {
  return !wish.variant.empty() && (wish.variant != option.build->cuda_variant || is_served_by_pypi(platform, option));
}

// Cuts "+cu124" out of "==2.6.0+cu124": the variant of a build, which is no part of its version.
std::string take_variant(std::string& specifiers) {
  const auto plus = specifiers.find('+');
  if (plus == std::string::npos) return "";
  const auto end = std::min(specifiers.find(',', plus), specifiers.size());
  std::string variant = specifiers.substr(plus + 1, end - plus - 1);
  specifiers.erase(plus, end - plus);
  return variant;
}

// "==2.6.0+cu124" of "torch==2.6.0+cu124", "==3.2.0" of a wheel's address; "" for any version.
std::string specifiers_of(const std::string& requirement) {
  if (const auto address = requirement.find('@'); address != std::string::npos) {
    const auto wheel = versions::wheel_name(requirement.substr(address));
    return wheel ? "==" + wheel->version : "no wheel";
  }
  const auto at = requirement.find_first_of("=<>~!");
  return at == std::string::npos ? "" : requirement.substr(at);
}

Truth holds(const PartWish& wish, const std::string& platform, std::string_view python) {
  if (!wish.marker) return Truth::kYes;
  return wish.marker->holds(versions::image_marker_values(platform, std::string(versions::without_t(python))));
}

// Leaves the platforms on which the entry may count, and its marker if that depends on more.
void apply_marker(PartWish& wish) {
  if (!wish.marker) return;
  std::erase_if(wish.platforms, [&](const auto& platform) { return holds(wish, platform, "") == Truth::kNo; });
  const auto counts = [&](const auto& platform) { return holds(wish, platform, "") == Truth::kYes; };
  if (std::all_of(wish.platforms.begin(), wish.platforms.end(), counts)) wish.marker.reset();
}

}  // namespace

bool is_for_another_cuda(const PartWish& wish, const BuildOption& option) {
  if (wish.package.empty() || !is_nvidias(wish.part)) return false;
  const unsigned major = cuda_major_of(wish.package);
  return major == 0 ? option.cuda.major() < 13 : option.cuda.major() != major;
}

std::optional<PartWish> part_of_package(const std::string& entry, const std::vector<std::string>& platforms) {
  // Of hundreds of lines few are of torch's, and a conflict asks dozens of times.
  if (const auto first = entry.find_first_not_of(' '); first == std::string::npos || !std::strchr("nNtT", entry[first]))
    return std::nullopt;
  const auto semicolon = entry.find(';');
  const std::string requirement = support::trim(entry.substr(0, semicolon));
  PartWish wish;
  wish.package = versions::requirement_name(requirement);
  const std::string library = versions::nvidia_library(wish.package);
  const bool own = wish.package == "torch" || wish.package == "torchvision" || wish.package == "torchaudio" ||
                   wish.package == "triton";
  // nvidia-cudnn and nvidia-nccl are no packages of torch's.
  const bool suffixed = cuda_major_of(wish.package) > 0;
  if (!own && library.empty()) return std::nullopt;
  if (is_nvidias(library) && !suffixed && library != "cublas") return std::nullopt;
  wish.part = is_nvidias(library) ? library : wish.package;
  wish.platforms = platforms;
  if (semicolon != std::string::npos) wish.marker = versions::Marker::parse(entry.substr(semicolon + 1));
  apply_marker(wish);
  std::string specifiers = specifiers_of(requirement);
  wish.variant = take_variant(specifiers);
  const auto range = specifiers.empty() ? VersionRange() : VersionRange::parse(specifiers);
  if (!range || wish.platforms.empty()) return std::nullopt;
  wish.range = *range;
  return wish;
}

std::string_view version_of_part(const BuildOption& option, std::string_view part) {
  if (part == "cudnn") return option.build->cudnn;
  if (part == "nccl") return option.build->nccl;
  if (part == "cublas") return option.build->cublas;
  if (part == "triton") return option.release->triton;
  if (part == "torchvision") return option.release->torchvision;
  if (is_another_wheel(part)) {
    const auto& pins = option.build->pins;
    const auto pin = std::find_if(pins.begin(), pins.end(), [&](const auto& row) { return row.package == part; });
    return pin == pins.end() ? "" : pin->version;
  }
  return part == "torchaudio" ? option.release->torchaudio : option.release->version;
}

bool needs_triton(const compat::Release& release, std::string_view python) {
  if (release.triton.empty()) return false;
  const auto range = VersionRange::parse(release.triton_python);
  return !range || range->contains(Version::of(versions::without_t(python)));
}

bool is_verified(const PartWish& wish, const BuildOption& option) {
  return !evidence_of(wish, option).is_unverified(wish.part);
}

namespace {

Fit fit_on(std::string_view platform, const PartWish& wish, const Candidate& candidate, const BuildOption& option) {
  const bool of_package = !wish.package.empty();
  if (is_for_another_cuda(wish, option)) return has_one_folder(wish.part) ? Fit::kNo : Fit::kYes;
  if (of_package && is_nvidias(wish.part) && option.build->bundled) return Fit::kYes;  // no such package comes with it
  if (wish.part == "triton" && !brings_triton(candidate, option)) return of_package ? Fit::kYes : Fit::kNo;
  if (is_another_variant(wish, platform, option)) return Fit::kNo;
  const std::string_view version = version_of_part(option, wish.part);
  if (wish.range.is_any()) return Fit::kYes;
  // The rows hold the requirements of the amd64 wheel; of what they do not say uv judges.
  if (is_another_wheel(wish.part) && (version.empty() || platform != "linux/amd64")) return Fit::kYes;
  if (version.empty()) return is_nvidias(wish.part) ? Fit::kUnknown : Fit::kNo;
  if (wish.range.contains(Version::of(version))) return Fit::kYes;
  return is_verified(wish, option) ? Fit::kNo : Fit::kUnknown;
}

}  // namespace

versions::Truth counts(const PartWish& wish, const Candidate& candidate) {
  Truth any = wish.marker ? Truth::kNo : Truth::kYes;
  for (const std::string& platform : wish.platforms) any = std::max(any, holds(wish, platform, candidate.python));
  return any;
}

Fit part_fit(const PartWish& wish, const Candidate& candidate, const BuildOption& option) {
  if (wish.platforms.empty()) return fit_on("", wish, candidate, option);
  Fit fit = Fit::kYes;
  for (const std::string& platform : wish.platforms) {
    const Truth counts = holds(wish, platform, candidate.python);
    if (counts == Truth::kNo) continue;
    const Fit here = fit_on(platform, wish, candidate, option);
    fit = std::max(fit, counts == Truth::kYes ? here : std::min(here, Fit::kUnknown));
  }
  return fit;
}

namespace {

Fact fact_where_it_counts(const compat::Knowledge& knowledge, const PartWish& wish, const Candidate& candidate,
                          const BuildOption& option) {
  const std::string build = describe_build(option);
  const std::string source = cite(evidence_of(wish, option));
  const std::string version(version_of_part(option, wish.part));
  if (is_for_another_cuda(wish, option)) {
    return {build + " brings the " + wish.part + " of CUDA " + std::to_string(option.cuda.major()) + ", and " +
                wish.package + " puts another into the same folder",
            source};
  }
  if (wish.part == "triton" && !brings_triton(candidate, option)) {
    return {version.empty() ? build + " comes without triton"
                            : build + " requires triton only for Python " + std::string(option.release->triton_python) +
                                  "; " + describe_python(candidate),
            source};
  }
  const auto another = [&](const std::string& platform) { return is_another_variant(wish, platform, option); };
  if (std::any_of(wish.platforms.begin(), wish.platforms.end(), another))
    return {wish.variant == option.build->cuda_variant
                ? "PyPI serves " + build + " as " + version + ", without +" + wish.variant
                : build + " is another build than +" + wish.variant,
            source};
  if (version.empty())
    return {"which " + wish.part + " " + build + " requires is not known to the data of " + knowledge.as_of(), source};
  if (wish.part == "torch") return {"the other lines here leave " + build, source};
  return {build + (option.build->bundled && is_nvidias(wish.part) ? " carries " : " requires ") + wish.part + " " +
              version + (is_verified(wish, option) ? "" : ", by a row that is not verified") + "; " +
              std::string(kNothingElse),
          source};
}

}  // namespace

Fact part_fact(const compat::Knowledge& knowledge, const PartWish& wish, const Candidate& candidate,
               const BuildOption& option) {
  Fact fact = fact_where_it_counts(knowledge, wish, candidate, option);
  if (counts(wish, candidate) == Truth::kUnknown)
    fact.text += "; whether `" + wish.marker->text() + "` holds in the image is not known";
  return fact;
}

}  // namespace envforge::resolve
