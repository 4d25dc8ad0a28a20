// A container engine, as envforge needs one. The real twin is DockerCli, the test twin FakeEngine; tests/contract runs
// the same cases on both. Knows nothing of recipes, locks or checks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/process/process.hpp>

namespace envforge::engine {

/// Each container and volume that envforge creates carries this label, so that what a kill -9 leaves is found and
/// removed. Images do not: the label names a process, and equal builds must give equal images.
inline constexpr std::string_view kOwnerLabel = "dev.envforge.owner";

struct EngineInfo {
  std::string client;  // path of the docker program that was chosen
  std::string client_version;
  std::string server_version;
  std::string host;          // DOCKER_HOST or the context's endpoint; "" = the default socket
  std::string architecture;  // amd64, arm64
  std::string storage_driver;
  bool buildkit = false;
  bool buildx = false;
  bool remote = false;          // bind mounts would name files of another machine
  bool nvidia_runtime = false;  // --gpus works
  bool cdi = false;             // --device nvidia.com/gpu=... may work
  std::string root_dir;         // DockerRootDir
  /// Free bytes under root_dir; nullopt for an engine whose disk is not this machine's.
  std::optional<std::uint64_t> free_bytes;
  std::vector<std::string> rejected;  // other docker programs on PATH and why they were not chosen
};

struct BuildRequest {
  std::string context_dir;
  std::string dockerfile;  // path; "" = context_dir/Dockerfile
  std::string target;      // stage
  std::vector<std::string> tags;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> build_args;  // never a secret: they stay in the image's history
  std::map<std::string, std::string> secrets;     // id -> file
  std::string network;                            // "", "none", "host"
  std::string platform;                           // "", "linux/amd64"
  bool no_cache = false;
  /// "" keeps the image in the engine; "local:DIR" and "tar:FILE" write the stage's files instead; "oci-dir:DIR" keeps
  /// it and writes an OCI image layout; "push" keeps it and pushes each tag.
  std::string output;
  std::chrono::milliseconds deadline{0};
};

/// What the build says of itself while it runs.
struct BuildEvent {
  enum class Kind { kStepStarted, kStepDone, kStepCached, kStepFailed, kOutput, kNote } kind = Kind::kNote;
  int step = 0;        // BuildKit's vertex number
  std::string text;    // the step's name, or one line of its output: foreign text, not fit for a terminal as it is
  double seconds = 0;  // kStepDone
};
using OnBuildEvent = std::function<void(const BuildEvent&)>;

struct BuildResult {
  bool ok = false;
  bool interrupted = false;
  std::string failed_step;              // its name
  std::vector<std::string> last_lines;  // of the failing step, at most 30
  std::string message;                  // the engine's own last error
  bool cache_damaged = false;           // and it is of a layer that its build cache names and no longer has
  std::string image_id;                 // sha256:... (config digest, or the manifest's from engine 29 on)
  std::string manifest_digest;          // what the exporter wrote or a push made; "" if the engine does not say
  std::string index_digest;             // "oci-dir:" only: of the layout's index.json
};

struct LayerInfo {
  std::string created_by;
  std::uint64_t bytes = 0;  // unpacked
};

struct ImageInfo {
  std::string id;
  std::vector<std::string> tags;
  std::vector<std::string> repo_digests;
  std::string os, architecture;
  std::uint64_t bytes = 0;
  std::string user, workdir;
  std::vector<std::string> entrypoint, command, environment;
  std::map<std::string, std::string> labels;
  std::vector<std::string> diff_ids;

  /// "" for a label that it does not have.
  std::string label(const std::string& name) const {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string() : found->second;
  }
};

struct Mount {
  std::string volume;  // a named volume
  std::string target;
  bool read_only = true;
};

struct ContainerRequest {
  std::string image;
  std::vector<std::string> entrypoint;  // empty = the image's; otherwise entrypoint[0] with the rest before `command`
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> labels;
  std::vector<Mount> mounts;
  std::vector<std::string> extra_args;  // of `docker create`, word for word: GPUs, shm, limits, --user ...
  std::string standard_input;           // given to the main process, then closed
  bool no_healthcheck = true;
  std::chrono::milliseconds deadline{0};
};

struct ContainerOutcome {
  process::Outcome outcome;  // exit code is the container's
  bool out_of_memory = false;
  std::string engine_error;  // set when it never ran: an absent image, a flag, a missing device, no such program
};

struct PushResult {
  bool ok = false;
  std::string digest;  // sha256:... that the registry has under the tag: a manifest's, or an index's of several
  std::string message;
};

/// Expected outcomes (an absent image, a failed build) are values; Error{kEngine...} is for an engine that does not
/// answer.
class ContainerEngine {
 public:
  virtual ~ContainerEngine() = default;
  virtual EngineInfo info() = 0;
  virtual BuildResult build(const BuildRequest& request, const OnBuildEvent& on_event) = 0;
  virtual std::optional<ImageInfo> inspect_image(const std::string& reference) = 0;
  /// The names that people gave the images in the engine ("team/train:v1"), newest image first; empty where no engine
  /// answers within `deadline`: for who waits at a prompt, to whom no name is better than a late one.
  virtual std::vector<std::string> image_names(std::chrono::milliseconds deadline) = 0;
  virtual std::vector<LayerInfo> layers(const std::string& reference) = 0;  // first layer first; empty ones left out
  virtual bool tag(const std::string& reference, const std::string& tag) = 0;
  virtual PushResult push(const std::string& tag, const std::function<void(std::string_view)>& on_line) = 0;
  /// `docker save` of the image into one tar file.
  virtual bool save(const std::string& reference, const std::string& file) = 0;
  virtual bool remove_image(const std::string& reference) = 0;
  /// The digest (sha256:...) of `reference` in its registry for `platform`; nullopt when no registry answers or it has
  /// none.
  virtual std::optional<std::string> registry_digest(const std::string& reference, const std::string& platform) = 0;

  virtual std::string create_volume(const std::map<std::string, std::string>& labels) = 0;  // returns its name
  /// Copies the files of a local folder into a volume, through a container of `image` that is never started.
  virtual void fill_volume(const std::string& volume, const std::string& image, const std::string& local_dir) = 0;
  virtual void remove_volume(const std::string& volume) = 0;

  /// Creates, starts, waits, removes. `on_line` gets the container's lines as they come.
  virtual ContainerOutcome run(const ContainerRequest& request, const process::OnLine& on_line) = 0;
  /// The argv with which a user runs the image in the foreground, as run() would, and removes the container at its end.
  /// It carries no kOwnerLabel: what a user runs is no leftover. With `terminal` it takes the caller's.
  virtual std::vector<std::string> foreground_command(const ContainerRequest& request, bool terminal) = 0;
  /// Copies a path out of an image, through a container that is never started; false if the image has no such path.
  virtual bool copy_from_image(const std::string& image, const std::string& path, const std::string& local_path) = 0;
  /// Removes every container and volume with kOwnerLabel, and every borrowed name (owner.hpp), whose owner process (its
  /// pid and start time) is gone; returns what.
  virtual std::vector<std::string> remove_leftovers() = 0;
};

}  // namespace envforge::engine
