// Real wheels of PyPI, unpacked into a folder as an installation would have them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <envforge/process/process.hpp>

namespace envforge::testing {

/// Installs for Python 3.11 on linux/amd64 into `site_packages`; why that failed, or "". `options` are uv's.
inline std::string install_wheels(const std::string& site_packages, const std::vector<std::string>& requirements,
                                  const std::vector<std::string>& options = {}) {
  process::PosixProcessRunner runner;
  process::Command command;
  command.argv = {"uv",
                  "pip",
                  "install",
                  "--quiet",
                  "--target",
                  site_packages,
                  "--python-version",
                  "3.11",
                  "--python-platform",
                  "x86_64-manylinux_2_28",
                  "--no-build"};
  command.argv.insert(command.argv.end(), options.begin(), options.end());
  command.argv.insert(command.argv.end(), requirements.begin(), requirements.end());
  command.deadline = std::chrono::minutes(15);
  const auto outcome = runner.run(command);
  return outcome.ok() ? "" : "uv pip install " + requirements.at(0) + " " + describe(outcome) + "\n" + outcome.err;
}

}  // namespace envforge::testing
