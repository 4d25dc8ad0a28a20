#include "support/fake_engine.hpp"

#include <unistd.h>

#include <envforge/engine/owner.hpp>

#include "support/fake_engine_builder.hpp"

namespace envforge::testing {
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

std::vector<std::string> FakeEngine::image_names(std::chrono::milliseconds) {
  std::vector<std::string> names;
  for (const auto& [name, image] : images_) {
    const bool lent = support::starts_with(name, std::string(engine::kBorrowedRepository) + ":");
    if (!missing && name != image->info.id && !lent) names.push_back(name);
  }
  return names;
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
    for (const std::string& name : {tag, tag.substr(0, tag.rfind(':')) + "@" + result.digest})
      registry_[name] = result.digest;
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

std::vector<std::string> FakeEngine::foreground_command(const engine::ContainerRequest& request, bool terminal) {
  check();
  std::vector<std::string> argv = {engine_info.client, "run", terminal ? "--tty" : "--interactive"};
  argv.insert(argv.end(), request.extra_args.begin(), request.extra_args.end());
  argv.push_back(request.image);
  argv.insert(argv.end(), request.command.begin(), request.command.end());
  return argv;
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
  for (auto at = images_.begin(); at != images_.end();) {
    const bool gone = !engine::borrower_runs(at->first).value_or(true);
    if (gone) removed.push_back("name " + at->first);
    at = gone ? images_.erase(at) : std::next(at);
  }
  return removed;
}

}  // namespace envforge::testing
