// The container engine behind a `docker` program: argv out, outcome in. Built by cli and tests, handed to app as a
// ContainerEngine. Speaks to engines from 20.10 on, local or remote; must not know what is built or run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <envforge/engine/engine.hpp>
#include <envforge/process/process.hpp>

namespace envforge::engine {

struct DockerOptions {
  std::string program;  // "" tries every `docker` on PATH
  std::string host;     // "" leaves it to DOCKER_HOST and docker's contexts
};

class DockerCli : public ContainerEngine {
 public:
  explicit DockerCli(process::ProcessRunner& runner, DockerOptions options = {});

  /// Tries the clients once and remembers the choice: the first that can build with BuildKit, else the first that
  /// reaches an engine. Throws kNoEngine or kEnginePermission.
  EngineInfo info() override;
  /// Throws kNoBuildKit when no client can.
  BuildResult build(const BuildRequest& request, const OnBuildEvent& on_event) override;
  std::optional<ImageInfo> inspect_image(const std::string& reference) override;
  /// Asks the first client that answers, without looking for the best one, which takes three questions.
  std::vector<std::string> image_names(std::chrono::milliseconds deadline) override;
  std::vector<LayerInfo> layers(const std::string& reference) override;
  bool tag(const std::string& reference, const std::string& tag) override;
  PushResult push(const std::string& tag, const std::function<void(std::string_view)>& on_line) override;
  bool save(const std::string& reference, const std::string& file) override;
  bool remove_image(const std::string& reference) override;
  std::optional<std::string> registry_digest(const std::string& reference, const std::string& platform) override;
  std::string create_volume(const std::map<std::string, std::string>& labels) override;
  void fill_volume(const std::string& volume, const std::string& image, const std::string& local_dir) override;
  void remove_volume(const std::string& volume) override;
  ContainerOutcome run(const ContainerRequest& request, const process::OnLine& on_line) override;
  std::vector<std::string> foreground_command(const ContainerRequest& request, bool terminal) override;
  bool copy_from_image(const std::string& image, const std::string& path, const std::string& local_path) override;
  std::vector<std::string> remove_leftovers() override;

 private:
  /// A docker command of the chosen client: its argv is complete, the rest may be set.
  process::Command command(const std::vector<std::string>& args);
  /// Runs it; throws kEngineGone when the engine no longer answers.
  process::Outcome outcome_of(const process::Command& command, const process::OnLine& on_line = {});
  /// As outcome_of(), and an interruption is Error{kInterrupted}.
  process::Outcome call(const process::Command& command, const process::OnLine& on_line = {});
  process::Outcome call(const std::vector<std::string>& args);
  /// As call(), and anything but success is Error{kEngineFailed}.
  process::Outcome must(const process::Command& command);
  process::Outcome must(const std::vector<std::string>& args);

  void finish_build(const BuildRequest& request, const std::string& id_file, const std::string& metadata_file,
                    BuildResult& result);
  /// Runs `body` with the name of a container of `image` that is never started, and removes it.
  void with_idle_container(const std::string& image, const std::vector<std::string>& args,
                           const std::function<void(const std::string& name)>& body);
  void remove_container(const std::string& name);

  process::ProcessRunner& runner_;
  DockerOptions options_;
  std::optional<EngineInfo> info_;
};

}  // namespace envforge::engine
