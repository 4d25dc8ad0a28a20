// The built envforge as a child process, in a folder of its own, for tests that need more than one command.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

namespace envforge::testing {

class Cli {
 public:
  /// What is fetched stays below the build folder from one run of the tests to the next.
  Cli() {
    support::write_file_atomically(path("config.yaml"), "schema: envforge/config/v1\n");
    globals_ = {"--config", path("config.yaml"), "--cache-dir", std::string(ENVFORGE_BINARY_DIR) + "/test-cache"};
  }
  void add_globals(const std::vector<std::string>& words) {
    globals_.insert(globals_.end(), words.begin(), words.end());
  }

  process::Outcome run(const std::vector<std::string>& words) const {
    process::Command command;
    command.argv = {ENVFORGE_PROGRAM};
    command.argv.insert(command.argv.end(), globals_.begin(), globals_.end());
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.extra_environment = {{"HOME", folder_.path().string()}, {"XDG_DATA_HOME", ""}, {"CI", ""}};
    command.working_directory = folder_.path().string();
    command.deadline = std::chrono::minutes(15);
    return process::PosixProcessRunner().run(command);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  nlohmann::json json(const std::string& name) const { return nlohmann::json::parse(support::read_file(path(name))); }

  /// Of `--json`: "EF5203", or "" without an error.
  static std::string error_code(const process::Outcome& outcome) {
    const auto answer = nlohmann::json::parse(outcome.out, nullptr, false);
    return answer.is_object() && answer.contains("error") ? answer["error"]["code"].get<std::string>() : "";
  }

 private:
  support::TempDir folder_;
  std::vector<std::string> globals_;
};

}  // namespace envforge::testing
