// The docker flags behind `--` of verify: they say how an image is run, never what runs in it.
#pragma once

#include <string>
#include <vector>

namespace envforge::app {

/// Throws Error{kUsage} for a word that is no flag (docker would take it for the image), for a flag without its value,
/// and for what is the run's own: --entrypoint and --name, say, or --rm, which takes the container away before it was
/// read.
void check_docker_flags(const std::vector<std::string>& flags);

}  // namespace envforge::app
