// Image -> report: the validator runs inside a container of the image, on the GPUs that were chosen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/app/gpu_selection.hpp>
#include <envforge/app/world.hpp>
#include <envforge/documents/recipe.hpp>
#include <envforge/protocol/report.hpp>

namespace envforge::app {

/// Of a soak where nothing else is asked for.
inline constexpr double kSoakMinutes = 10;

struct VerifyOptions {
  GpuSelection gpus;
  GpuInjection injection = GpuInjection::kAuto;
  std::string suite;                     // "" = the recipe's, else standard
  std::vector<std::string> require;      // groups or checks; with the recipe's
  std::vector<std::string> only, skip;   // groups or checks
  std::vector<std::string> docker_args;  // after --: the flags that this image is run with
  std::optional<double> minutes;         // of a soak
  std::string nonce;                     // "" = one of ours
  bool here = false;                     // in this environment, without an engine
};

struct VerifyResult {
  protocol::Report report;
  std::string document;      // the sealed report, as the driver wrote it
  bool interrupted = false;  // a soak, of which the finished rounds are told
};

/// `image` "" with options.here. Throws Error{kUsage} for a selection that
/// leaves nothing to run, {kInterrupted} before a first round was over, {kNoGpu} (6), {kNoEngine} (6), {kImageAbsent}
/// (5), {kValidatorBroken} (5) when the driver's report is missing or its MAC is wrong.
VerifyResult verify_image(World& world, const std::string& image, const std::optional<documents::Recipe>& recipe,
                          const VerifyOptions& options);

}  // namespace envforge::app
