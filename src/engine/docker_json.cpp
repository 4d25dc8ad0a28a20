#include "docker_json.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/text.hpp>

namespace envforge::engine {
namespace {

using nlohmann::json;

/// Engine 28 and newer start CDI without a switch.
constexpr int kCdiByDefault = 28;
const json kNothing;

json parse(const std::string& text, const char* what) {
  return support::parse_json(text, what, support::ErrorCode::kEngineFailed);
}

/// The member behind a path of keys; a null value when any of them is missing.
const json& at(const json& value, std::initializer_list<const char*> keys) {
  const json* here = &value;
  for (const char* key : keys) {
    if (!here->is_object()) return kNothing;
    const auto found = here->find(key);
    if (found == here->end()) return kNothing;
    here = &*found;
  }
  return *here;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string{};
}

bool is_true(const json& value) {
  return value.is_boolean() && value.get<bool>();
}

std::uint64_t size_of(const json& value) {
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : std::uint64_t{0};
}

std::vector<std::string> texts_of(const json& value) {
  std::vector<std::string> texts;
  if (!value.is_array()) return texts;
  for (const json& entry : value) texts.push_back(text_of(entry));
  return texts;
}

std::string architecture_of(const std::string& name) {
  if (name == "x86_64") return "amd64";
  if (name == "aarch64") return "arm64";
  return name;
}

}  // namespace

int major_version(const std::string& version) {
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

bool is_digest(const std::string& text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.size() == kPrefix.size() + 64 && support::starts_with(text, kPrefix) &&
         text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string::npos;
}

bool read_version(const std::string& text, EngineInfo& info) {
  const json version = parse(text, "docker version");
  info.client_version = text_of(at(version, {"Client", "Version"}));
  info.server_version = text_of(at(version, {"Server", "Version"}));
  info.architecture = architecture_of(text_of(at(version, {"Server", "Arch"})));
  return !info.server_version.empty();
}

void read_info(const std::string& text, EngineInfo& info) {
  const json answer = parse(text, "docker info");
  info.root_dir = text_of(at(answer, {"DockerRootDir"}));
  info.storage_driver = text_of(at(answer, {"Driver"}));
  info.nvidia_runtime = !at(answer, {"Runtimes", "nvidia"}).is_null();
  // Older clients leave the specification folders out; then only the engine's age tells.
  info.cdi = !texts_of(at(answer, {"CDISpecDirs"})).empty() || major_version(info.server_version) >= kCdiByDefault;
  const json& plugins = at(answer, {"ClientInfo", "Plugins"});
  info.buildx = plugins.is_array() && std::any_of(plugins.begin(), plugins.end(), [](const json& plugin) {
                  return text_of(at(plugin, {"Name"})) == "buildx" && text_of(at(plugin, {"Err"})).empty();
                });
}

std::string read_context_host(const std::string& text) {
  return text_of(at(parse(text, "docker context inspect"), {"Endpoints", "docker", "Host"}));
}

ImageInfo read_image(const std::string& text) {
  const json image = parse(text, "docker image inspect");
  ImageInfo info;
  info.id = text_of(at(image, {"Id"}));
  info.tags = texts_of(at(image, {"RepoTags"}));
  info.repo_digests = texts_of(at(image, {"RepoDigests"}));
  info.os = text_of(at(image, {"Os"}));
  info.architecture = text_of(at(image, {"Architecture"}));
  info.bytes = size_of(at(image, {"Size"}));
  info.user = text_of(at(image, {"Config", "User"}));
  info.workdir = text_of(at(image, {"Config", "WorkingDir"}));
  info.entrypoint = texts_of(at(image, {"Config", "Entrypoint"}));
  info.command = texts_of(at(image, {"Config", "Cmd"}));
  info.environment = texts_of(at(image, {"Config", "Env"}));
  info.diff_ids = texts_of(at(image, {"RootFS", "Layers"}));
  if (const json& labels = at(image, {"Config", "Labels"}); labels.is_object()) {
    for (const auto& [name, value] : labels.items()) info.labels[name] = text_of(value);
  }
  return info;
}

std::vector<LayerInfo> read_history(const std::string& text) {
  std::vector<LayerInfo> layers;
  for (const std::string& line : support::split(text, '\n')) {
    if (line.empty()) continue;
    const json entry = parse(line, "docker history");
    const std::string size = text_of(at(entry, {"Size"}));
    LayerInfo layer;
    layer.created_by = text_of(at(entry, {"CreatedBy"}));
    std::from_chars(size.data(), size.data() + size.size(), layer.bytes);
    if (layer.bytes > 0) layers.push_back(std::move(layer));
  }
  std::reverse(layers.begin(), layers.end());
  return layers;
}

std::optional<std::string> read_manifest_digest(const std::string& text, const std::string& platform) {
  const json answer = parse(text, "docker manifest inspect");
  const json manifests = answer.is_array() ? answer : json::array({answer});
  const auto wanted = support::split(platform, '/');
  for (const json& manifest : manifests) {
    const std::string digest = text_of(at(manifest, {"Descriptor", "digest"}));
    const json& its = at(manifest, {"Descriptor", "platform"});
    const std::vector<std::string> has = {text_of(at(its, {"os"})), text_of(at(its, {"architecture"})),
                                          text_of(at(its, {"variant"}))};
    const bool fits = platform.empty()
                          ? manifests.size() == 1
                          : wanted.size() <= has.size() && std::equal(wanted.begin(), wanted.end(), has.begin());
    if (fits && is_digest(digest)) return digest;
  }
  return std::nullopt;
}

std::string read_metadata_digest(const std::string& text) {
  const std::string digest = text_of(at(parse(text, "docker buildx's metadata"), {"containerimage.digest"}));
  return is_digest(digest) ? digest : std::string{};
}

ContainerState read_state(const std::string& text) {
  const json answer = parse(text, "docker inspect");
  ContainerState state;
  const std::string started = text_of(at(answer, {"StartedAt"}));
  state.ran = !started.empty() && !support::starts_with(started, "0001-");
  if (const json& code = at(answer, {"ExitCode"}); code.is_number_integer()) state.exit_code = code.get<int>();
  state.out_of_memory = is_true(at(answer, {"OOMKilled"}));
  state.error = text_of(at(answer, {"Error"}));
  return state;
}

}  // namespace envforge::engine
