// Which environment variables spoil a run on a GPU, and how. Pure: the check reads the environment.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "container/finding.hpp"

namespace envforge::validator::container {

struct Surroundings {
  std::map<std::string, std::string> environment;
  /// Names of /sys/class/net; empty = not known, or not the run's (verify's own containers have no network).
  std::vector<std::string> interfaces;
  std::function<bool(const std::string& path)> exists;
};

/// A CUDA_VISIBLE_DEVICES that leaves no GPU over.
std::optional<Finding> hidden_gpus(const std::map<std::string, std::string>& environment);
std::vector<Finding> judge_environment(const Surroundings& surroundings);
/// How many variables the rules know, for the report.
std::size_t known_variables();

}  // namespace envforge::validator::container
