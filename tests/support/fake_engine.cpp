#include "support/fake_engine.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <nlohmann/json.hpp>

#include <envforge/engine/oci_layout.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using engine::BuildEvent;
using engine::BuildResult;
using nlohmann::json;
using process::Outcome;
using support::Error;
using support::ErrorCode;

constexpr std::size_t kLinesKept = 30;

Outcome run_program(const std::vector<std::string>& argv, const process::OnLine& on_line = {}) {
  process::Command command;
  command.argv = argv;
  return process::PosixProcessRunner().run(command, on_line);
}

void copy_all(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

std::string under(const std::string& root, const std::string& path) {
  return root + "/" + path;
}

void make_tar(const std::string& folder, const std::string& tar) {
  const auto outcome = run_program(
      {"tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-C", folder, "-cf", tar, "."});
  if (!outcome.ok()) throw Error(ErrorCode::kInternal, "tar " + process::describe(outcome) + ": " + outcome.err);
}

std::uint64_t bytes_below(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::vector<std::string> words_of(const std::string& text) {
  if (support::starts_with(text, "[")) return json::parse(text).get<std::vector<std::string>>();
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

/// One build: reads the Dockerfile line by line.
class FakeEngine::Builder {
 public:
  Builder(FakeEngine& engine, const engine::BuildRequest& request, const engine::OnBuildEvent& on_event)
      : engine_(engine), request_(request), on_event_(on_event) {}

  BuildResult build() {
    const std::string file = request_.dockerfile.empty() ? request_.context_dir + "/Dockerfile" : request_.dockerfile;
    for (const std::string& line : support::split(support::read_file(file), '\n')) {
      if (line.empty() || line[0] == '#') continue;
      const std::size_t blank = line.find(' ');
      const std::string instruction = line.substr(0, blank);
      const std::string rest = support::trim(line.substr(blank));
      if (instruction == "FROM") {
        if (!request_.target.empty() && stage_ == request_.target) break;
        from(rest);
      } else if (instruction == "COPY" || instruction == "RUN") {
        if (!step(instruction, rest, line)) return result_;
      } else {
        set(instruction, rest);
      }
      chain_ += line + "\n";
    }
    return finish();
  }

 private:
  void from(const std::string& rest) {
    const auto words = words_of(rest);
    stage_ = words.size() == 3 ? words[2] : "";
    image_ = std::make_shared<Image>();
    image_->root = engine_.fresh("root");
    image_->info.os = "linux";
    image_->info.architecture = engine_.engine_info.architecture;
    chain_.clear();
    if (const auto base = engine_.find(words[0])) {
      image_->info = base->info;
      image_->info.tags.clear();
      image_->layers = base->layers;
      copy_all(base->root, image_->root);
    }
  }

  bool step(const std::string& instruction, const std::string& rest, const std::string& line) {
    const int number = ++steps_;
    const std::string name = "[" + std::to_string(number) + "] " + line;
    const auto emit = [&](BuildEvent::Kind kind, const std::string& text) {
      if (on_event_) on_event_({kind, number, text, 0});
    };
    emit(BuildEvent::Kind::kStepStarted, name);
    const std::string key = chain_ + line + (instruction == "COPY" ? content_of(words_of(rest)[0]) : "");
    const bool cached = engine_.cache_.count(key) != 0;
    std::string problem;
    if (instruction == "COPY") problem = copy(words_of(rest), line);
    if (instruction == "RUN" && !cached) {
      problem = execute(words_of(rest), [&](const std::string& text) { emit(BuildEvent::Kind::kOutput, text); });
    }
    if (problem.empty()) {
      engine_.cache_.insert(key);
      emit(cached ? BuildEvent::Kind::kStepCached : BuildEvent::Kind::kStepDone, name);
      return true;
    }
    emit(BuildEvent::Kind::kStepFailed, name);
    result_.failed_step = name;
    result_.message = problem;
    return false;
  }

  std::string content_of(const std::string& name) const {
    const fs::path path = fs::path(request_.context_dir) / name;
    return fs::is_regular_file(path) ? support::sha256_file_hex(path) : name;
  }

  std::string copy(const std::vector<std::string>& words, const std::string& line) {
    const fs::path source = fs::path(request_.context_dir) / words[0];
    if (!fs::exists(source)) return "failed to compute cache key: \"/" + words[0] + "\" not found";
    const std::string folder = engine_.fresh("layer");
    copy_all(source, under(folder, words[1]));
    copy_all(source, under(image_->root, words[1]));
    Layer layer;
    layer.info = {line + " # buildkit", bytes_below(folder)};
    layer.tar = folder + ".tar";
    make_tar(folder, layer.tar);
    layer.diff_id = "sha256:" + support::sha256_file_hex(layer.tar);
    image_->layers.push_back(layer);
    return {};
  }

  std::string execute(std::vector<std::string> argv, const std::function<void(const std::string&)>& on_output) {
    argv[0] = under(image_->root, argv[0]);
    const Outcome outcome = run_program(argv, [&](process::Stream, std::string_view line) {
      result_.last_lines.emplace_back(line);
      if (result_.last_lines.size() > kLinesKept) result_.last_lines.erase(result_.last_lines.begin());
      on_output(std::string(line));
    });
    if (outcome.ok()) {
      result_.last_lines.clear();
      return {};
    }
    return "process did not complete successfully: exit code: " + std::to_string(outcome.exit_code);
  }

  void set(const std::string& instruction, const std::string& rest) {
    const std::size_t equals = rest.find('=');
    if (instruction == "USER") image_->info.user = rest;
    if (instruction == "WORKDIR") image_->info.workdir = rest;
    if (instruction == "ENTRYPOINT") image_->info.entrypoint = words_of(rest);
    if (instruction == "CMD") image_->info.command = words_of(rest);
    if (instruction == "ENV") image_->info.environment.push_back(rest);
    if (instruction == "LABEL") image_->info.labels[rest.substr(0, equals)] = rest.substr(equals + 1);
  }

  BuildResult finish() {
    result_.ok = true;
    if (support::starts_with(request_.output, "local:")) {
      copy_all(image_->root, request_.output.substr(6));
      return result_;
    }
    engine::ImageInfo& info = image_->info;
    for (const auto& [name, value] : request_.labels) info.labels[name] = value;
    json ids = json::array();
    for (const Layer& layer : image_->layers) ids.push_back(layer.diff_id);
    info.diff_ids = ids.get<std::vector<std::string>>();
    info.bytes = bytes_below(image_->root);
    image_->config = json{{"architecture", info.architecture},
                          {"os", info.os},
                          {"rootfs", {{"type", "layers"}, {"diff_ids", ids}}},
                          {"config", {{"Labels", info.labels}, {"Env", info.environment}, {"User", info.user}}}}
                         .dump();
    info.id = "sha256:" + support::sha256_hex(image_->config);
    result_.image_id = info.id;
    engine_.images_[info.id] = image_;
    for (const std::string& tag : request_.tags) engine_.images_[tag] = image_;
    if (request_.output == "push") {
      for (const std::string& tag : request_.tags) result_.manifest_digest = engine_.push(tag, {}).digest;
    }
    if (support::starts_with(request_.output, "oci-dir:")) write_layout(request_.output.substr(8));
    return result_;
  }

  void write_layout(const std::string& target) {
    const std::string& tag = request_.tags.at(0);
    const std::string tar = engine_.fresh("saved") + ".tar";
    engine_.save(tag, tar);
    result_.manifest_digest = engine::write_oci_layout(tar, target, tag.substr(tag.rfind(':') + 1)).manifest_digest;
  }

  FakeEngine& engine_;
  const engine::BuildRequest& request_;
  const engine::OnBuildEvent& on_event_;
  BuildResult result_;
  std::shared_ptr<Image> image_ = std::make_shared<Image>();
  std::string stage_, chain_;
  int steps_ = 0;
};

FakeEngine::FakeEngine() {
  engine_info.client = "/usr/bin/docker";
  engine_info.client_version = engine_info.server_version = "20.10.24";
  engine_info.architecture = "amd64";
  engine_info.storage_driver = "overlay2";
  engine_info.buildkit = true;
  engine_info.root_dir = folder_.path();
  engine_info.free_bytes = 100ULL << 30;
  // Programs of images run as other users, who must get this far.
  fs::permissions(folder_.path(), static_cast<fs::perms>(0755));
}

void FakeEngine::check() const {
  if (missing) throw *missing;
}

std::string FakeEngine::fresh(const std::string& kind) {
  const std::string folder = folder_.path() / (kind + std::to_string(++made_));
  fs::create_directories(folder);
  return folder;
}

std::shared_ptr<FakeEngine::Image> FakeEngine::find(const std::string& reference) const {
  const auto found = images_.find(reference);
  return found == images_.end() ? nullptr : found->second;
}

engine::EngineInfo FakeEngine::info() {
  check();
  return engine_info;
}

BuildResult FakeEngine::build(const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) {
  check();
  builds.push_back(request);
  return on_build ? on_build(request, on_event) : Builder(*this, request, on_event).build();
}

std::optional<engine::ImageInfo> FakeEngine::inspect_image(const std::string& reference) {
  check();
  const auto image = find(reference);
  if (!image) return std::nullopt;
  engine::ImageInfo info = image->info;
  info.tags.clear();
  for (const auto& [name, same] : images_) {
    if (same == image && name != info.id) info.tags.push_back(name);
  }
  return info;
}

std::vector<engine::LayerInfo> FakeEngine::layers(const std::string& reference) {
  check();
  std::vector<engine::LayerInfo> layers;
  for (const Layer& layer : find(reference)->layers) layers.push_back(layer.info);
  return layers;
}

bool FakeEngine::tag(const std::string& reference, const std::string& tag) {
  check();
  const auto image = find(reference);
  if (image) images_[tag] = image;
  return image != nullptr;
}

engine::PushResult FakeEngine::push(const std::string& tag, const std::function<void(std::string_view)>& on_line) {
  check();
  pushes.push_back(tag);
  engine::PushResult result;
  const auto image = find(tag);
  if (!image) {
    result.message = "An image does not exist locally with the tag: " + tag;
  } else if (support::starts_with(tag, "127.0.0.1:1/")) {
    result.message = "dial tcp 127.0.0.1:1: connect: connection refused";
  } else {
    if (on_line) on_line("Pushed");
    result.ok = true;
    result.digest = "sha256:" + support::sha256_hex("manifest of " + image->info.id);
    registry_[tag] = result.digest;
  }
  return result;
}

bool FakeEngine::save(const std::string& reference, const std::string& file) {
  check();
  const auto image = find(reference);
  if (!image) return false;
  const std::string folder = fresh("save");
  json names = json::array();
  for (const Layer& layer : image->layers) {
    const std::string name = layer.diff_id.substr(7) + "/layer.tar";
    copy_all(layer.tar, under(folder, name));
    names.push_back(name);
  }
  support::write_file_atomically(under(folder, "config.json"), image->config);
  const json manifest = json::array({{{"Config", "config.json"}, {"RepoTags", {reference}}, {"Layers", names}}});
  support::write_file_atomically(under(folder, "manifest.json"), manifest.dump());
  make_tar(folder, file);
  return true;
}

bool FakeEngine::remove_image(const std::string& reference) {
  check();
  return images_.erase(reference) != 0;
}

std::optional<std::string> FakeEngine::registry_digest(const std::string& reference, const std::string& platform) {
  check();
  const auto found = registry_.find(reference);
  const bool fits = platform.empty() || platform == "linux/" + engine_info.architecture;
  if (found == registry_.end() || !fits) return std::nullopt;
  return found->second;
}

std::string FakeEngine::create_volume(const std::map<std::string, std::string>&) {
  check();
  const std::string folder = fresh("volume");
  const std::string name = fs::path(folder).filename();
  volumes_[name] = {engine::this_process_as_owner(), folder};
  return name;
}

void FakeEngine::fill_volume(const std::string& volume, const std::string& image, const std::string& local_dir) {
  check();
  if (!find(image)) throw Error(ErrorCode::kEngineFailed, "No such image: " + image);
  const std::string& folder = volumes_.at(volume).folder;
  fs::copy(local_dir, folder, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const bool open = entry.is_directory() || (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
    fs::permissions(entry.path(), static_cast<fs::perms>(open ? 0755 : 0644));
  }
}

void FakeEngine::remove_volume(const std::string& volume) {
  check();
  volumes_.erase(volume);
}

std::string FakeEngine::volume_folder(const std::string& volume) const {
  return volumes_.at(volume).folder;
}

std::string FakeEngine::start_problem(const engine::ContainerRequest& request, const std::vector<std::string>& argv,
                                      const Image& image) const {
  const auto device = std::find(request.extra_args.begin(), request.extra_args.end(), "--device");
  if (device != request.extra_args.end() && !fs::exists(*(device + 1))) {
    return "error gathering device information while adding custom device \"" + *(device + 1) + "\": no such file";
  }
  if (argv.empty()) return "No command specified";
  if (!fs::exists(under(image.root, argv[0]))) return "exec: \"" + argv[0] + "\": no such file or directory";
  return {};
}

engine::ContainerOutcome FakeEngine::run(const engine::ContainerRequest& request, const process::OnLine& on_line) {
  check();
  runs.push_back(request);
  if (on_run) return on_run(request);
  engine::ContainerOutcome result;
  const auto image = find(request.image);
  std::vector<std::string> argv = request.entrypoint;
  const bool own = image && argv.empty();
  if (own) argv = image->info.entrypoint;
  const auto& tail = own && request.command.empty() ? image->info.command : request.command;
  argv.insert(argv.end(), tail.begin(), tail.end());
  result.engine_error = image ? start_problem(request, argv, *image) : "No such image: " + request.image;
  if (!result.engine_error.empty()) return result;

  process::Command command;
  // Nobody in particular, so that what is read-only to a container is so here.
  if (::getuid() == 0) command.argv = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
  argv[0] = under(image->root, argv[0]);
  for (std::string& word : argv) {
    for (const engine::Mount& mount : request.mounts) {
      if (support::starts_with(word, mount.target + "/")) {
        word = volume_folder(mount.volume) + word.substr(mount.target.size());
      }
    }
  }
  command.argv.insert(command.argv.end(), argv.begin(), argv.end());
  command.environment = request.environment;
  command.standard_input = request.standard_input;
  command.deadline = request.deadline;
  result.outcome = process::PosixProcessRunner().run(command, on_line);
  return result;
}

bool FakeEngine::copy_from_image(const std::string& image, const std::string& path, const std::string& local_path) {
  check();
  if (on_copy) return on_copy(image, path, local_path);
  const auto found = find(image);
  if (!found) throw Error(ErrorCode::kEngineFailed, "No such image: " + image);
  if (!fs::exists(under(found->root, path))) return false;
  copy_all(under(found->root, path), local_path);
  return true;
}

void FakeEngine::add_image(const std::string& tag, engine::ImageInfo info, std::vector<engine::LayerInfo> layers) {
  auto image = std::make_shared<Image>();
  image->info = std::move(info);
  image->root = fresh("root");
  for (engine::LayerInfo& layer : layers) image->layers.push_back({std::move(layer), {}, {}});
  if (!image->info.id.empty()) images_[image->info.id] = image;
  images_[tag] = std::move(image);
}

std::vector<std::string> FakeEngine::leave_behind(const std::string& owner) {
  const std::string container = "container" + std::to_string(++made_);
  const std::string volume = create_volume({});
  containers_[container] = owner;
  volumes_[volume].owner = owner;
  return {container, volume};
}

std::vector<std::string> FakeEngine::owned() const {
  std::vector<std::string> names;
  for (const auto& [name, owner] : containers_) names.push_back(name);
  for (const auto& [name, volume] : volumes_) names.push_back(name);
  return names;
}

std::vector<std::string> FakeEngine::remove_leftovers() {
  check();
  std::vector<std::string> removed;
  const auto orphaned = [](const std::string& owner) { return !engine::owner_runs(owner).value_or(true); };
  for (auto at = containers_.begin(); at != containers_.end();) {
    const bool gone = orphaned(at->second);
    if (gone) removed.push_back("container " + at->first);
    at = gone ? containers_.erase(at) : std::next(at);
  }
  for (auto at = volumes_.begin(); at != volumes_.end();) {
    const bool gone = orphaned(at->second.owner);
    if (gone) removed.push_back("volume " + at->first);
    at = gone ? volumes_.erase(at) : std::next(at);
  }
  return removed;
}

}  // namespace envforge::testing
