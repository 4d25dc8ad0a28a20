// The real engine of the contract. ENVFORGE_TEST_DOCKER and ENVFORGE_TEST_DOCKER_HOST choose another client and engine
// than those that DockerCli finds by itself.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "contract/engine_setup.hpp"
#include "support/loopback_registry.hpp"

namespace envforge::contract {

inline std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

inline engine::DockerOptions docker_options() {
  return {from_environment("ENVFORGE_TEST_DOCKER"), from_environment("ENVFORGE_TEST_DOCKER_HOST")};
}

class DockerSetup : public EngineSetup {
 public:
  void clean_up() override {
    for (const std::string& name : left_) {
      docker({"rm", "--force", "--volumes", name});
      docker({"volume", "rm", "--force", name});
    }
    left_.clear();
  }

  std::string unavailable() override {
    try {
      engine_.info();
      return {};
    } catch (const support::Error& error) {
      return error.message();
    }
  }
  engine::ContainerEngine& engine() override { return engine_; }
  std::string registry() override {
    if (!registry_) registry_.emplace();
    return registry_->available() ? registry_->address() : "";
  }
  std::vector<std::string> leave_behind(const std::string& owner, const std::string& image) override {
    const std::string name = "envforge-contract-" + std::to_string(::getpid()) + "-" + std::to_string(left_.size());
    const std::string label = std::string(engine::kOwnerLabel) + "=" + owner;
    docker({"create", "--name", name, "--label", label, image});
    docker({"volume", "create", "--label", label, name + "-volume"});
    left_.insert(left_.end(), {name, name + "-volume"});
    return {name, name + "-volume"};
  }
  std::vector<std::string> owned() override {
    const std::string owner = engine::this_process_as_owner();
    const std::string label = std::string(engine::kOwnerLabel);
    std::vector<std::string> names;
    const auto add = [&](const std::string& text) {
      for (const std::string& line : support::split(text, '\n')) {
        const auto parts = support::split(line, ' ');
        if (parts.size() != 2) continue;
        const bool left = std::find(left_.begin(), left_.end(), parts[0]) != left_.end();
        if (left || parts[1] == owner) names.push_back(parts[0]);
      }
    };
    add(docker({"ps", "--all", "--format", "{{.Names}} {{.Label \"" + label + "\"}}"}));
    add(docker({"volume", "ls", "--format", "{{.Name}} {{.Label \"" + label + "\"}}"}));
    return names;
  }

  /// The output of one docker command, given word for word.
  std::string docker(const std::vector<std::string>& args) {
    process::Command command;
    command.argv = {engine_.info().client};
    if (!options_.host.empty()) command.argv.insert(command.argv.end(), {"--host", options_.host});
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    return runner_.run(command).out;
  }

 private:
  engine::DockerOptions options_ = docker_options();
  process::PosixProcessRunner runner_;
  engine::DockerCli engine_{runner_, options_};
  std::optional<testing::LoopbackRegistry> registry_;
  std::vector<std::string> left_;
};

}  // namespace envforge::contract
