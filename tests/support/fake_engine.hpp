// The test twin of DockerCli: an engine in a folder. It builds the few instructions that tests use (FROM, COPY, RUN and
// the image's settings), and runs a static program out of an image on this machine, without any isolation. It passes
// the engine contract. For what it cannot build or run, such as a Python image, a test sets on_build and on_run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <envforge/engine/engine.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::testing {

class FakeEngine : public engine::ContainerEngine {
 public:
  FakeEngine();

  engine::EngineInfo info() override;
  engine::BuildResult build(const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) override;
  std::optional<engine::ImageInfo> inspect_image(const std::string& reference) override;
  std::vector<std::string> image_names(std::chrono::milliseconds deadline) override;
  std::vector<engine::LayerInfo> layers(const std::string& reference) override;
  bool tag(const std::string& reference, const std::string& tag) override;
  engine::PushResult push(const std::string& tag, const std::function<void(std::string_view)>& on_line) override;
  bool save(const std::string& reference, const std::string& file) override;
  bool remove_image(const std::string& reference) override;
  std::optional<std::string> registry_digest(const std::string& reference, const std::string& platform) override;
  std::string create_volume(const std::map<std::string, std::string>& labels) override;
  void fill_volume(const std::string& volume, const std::string& image, const std::string& local_dir) override;
  void remove_volume(const std::string& volume) override;
  engine::ContainerOutcome run(const engine::ContainerRequest& request, const process::OnLine& on_line) override;
  std::vector<std::string> foreground_command(const engine::ContainerRequest& request, bool terminal) override;
  bool copy_from_image(const std::string& image, const std::string& path, const std::string& local_path) override;
  std::vector<std::string> remove_leftovers() override;

  /// An image that exists without a build.
  void add_image(const std::string& tag, engine::ImageInfo info, std::vector<engine::LayerInfo> layers = {});
  std::string volume_folder(const std::string& volume) const;
  std::vector<std::string> leave_behind(const std::string& owner);
  std::vector<std::string> owned() const;

  // What a test sets.
  engine::EngineInfo engine_info;
  std::optional<support::Error> missing;  // thrown by every call, as by a machine without an engine
  std::function<engine::BuildResult(const engine::BuildRequest&, const engine::OnBuildEvent&)> on_build;
  std::function<engine::ContainerOutcome(const engine::ContainerRequest&)> on_run;
  /// (image, path, local path): copies, or says that there is no such path.
  std::function<bool(const std::string&, const std::string&, const std::string&)> on_copy;

  // What a test reads.
  std::vector<engine::BuildRequest> builds;
  std::vector<engine::ContainerRequest> runs;
  std::vector<std::string> pushes;

 private:
  struct Layer {
    engine::LayerInfo info;
    std::string tar, diff_id;
  };
  struct Image {
    engine::ImageInfo info;
    std::vector<Layer> layers;
    std::string root;  // the layers' files, as one folder
    std::string config;
  };
  struct Volume {
    std::string owner;
    std::string folder;
  };
  class Builder;

  void check() const;
  std::shared_ptr<Image> find(const std::string& reference) const;
  std::string fresh(const std::string& kind);
  std::string start_problem(const engine::ContainerRequest& request, const std::vector<std::string>& argv,
                            const Image& image) const;

  support::TempDir folder_;
  int made_ = 0;
  std::map<std::string, std::shared_ptr<Image>> images_;
  std::map<std::string, Volume> volumes_;
  std::map<std::string, std::string> containers_;  // name -> owner; only those that were left behind
  std::map<std::string, std::string> registry_;    // reference -> digest
  std::set<std::string> cache_;
};

}  // namespace envforge::testing
