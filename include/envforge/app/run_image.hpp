// How a recipe's image is run: the flags that its `run` block means, for `envforge run`, and for verify, which judges
// the image as it will run.
#pragma once

#include <string>
#include <vector>

#include <envforge/app/gpu_selection.hpp>
#include <envforge/app/world.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::app {

/// Flags of `docker run`: shm, memory, cpus, volumes and ports. A volume that begins with ./ lies beside the recipe; a
/// folder of the host must be there already, for docker would make one that belongs to root.
std::vector<std::string> run_arguments(const documents::Recipe& recipe);

struct RunOptions {
  GpuSelection gpus;
  GpuInjection injection = GpuInjection::kAuto;
  std::vector<std::string> environment;  // NAME=VALUE, or NAME with the caller's value: tokens and keys come so
  std::vector<std::string> command;      // empty = the image's own
  bool terminal = false;                 // the caller's terminal becomes the container's
};

/// The command that runs the image of the recipe's first tag in the foreground and removes the container after. Throws
/// Error{kNoGpu} (6), {kNoEngine} (6), {kImageAbsent} (5), {kUsage} for an environment that names no variable.
std::vector<std::string> run_command(World& world, const documents::Recipe& recipe, const RunOptions& options);

}  // namespace envforge::app
