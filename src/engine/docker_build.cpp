#include <envforge/engine/docker_cli.hpp>
#include <envforge/engine/oci_layout.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "build_progress.hpp"
#include "docker_json.hpp"
#include "docker_text.hpp"

namespace envforge::engine {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

constexpr std::size_t kKeptOfProgress = 64U << 10;
constexpr std::string_view kLocal = "local:";
constexpr std::string_view kTar = "tar:";
constexpr std::string_view kOciDir = "oci-dir:";
constexpr std::string_view kPush = "push";

/// Whether the image stays in the engine, as against a stage whose files leave.
bool keeps_image(const std::string& output) {
  return !support::starts_with(output, kLocal) && !support::starts_with(output, kTar);
}

void check_output(const std::string& output) {
  if (output.empty() || output == kPush) return;
  for (const std::string_view prefix : {kLocal, kTar, kOciDir}) {
    if (support::starts_with(output, prefix) && output.size() > prefix.size()) return;
  }
  throw Error(ErrorCode::kInternal, "a build cannot write to '" + output + "'");
}

/// One --output value is a list of fields in CSV.
std::string csv_field(const std::string& text) {
  if (text.find_first_of("\",\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::vector<std::string> build_args(const BuildRequest& request, const std::string& id_file,
                                    const std::string& metadata_file) {
  std::vector<std::string> args = {"build", "--progress=plain"};
  const auto add = [&](const std::string& flag, const std::string& value) {
    if (!value.empty()) args.insert(args.end(), {flag, value});
  };
  add("--file", request.dockerfile);
  add("--target", request.target);
  add("--network", request.network);
  add("--platform", request.platform);
  if (request.no_cache) args.emplace_back("--no-cache");
  for (const auto& [name, value] : request.build_args) add("--build-arg", name + "=" + value);
  for (const auto& [id, file] : request.secrets)
    add("--secret", csv_field("id=" + id) + "," + csv_field("src=" + file));
  if (keeps_image(request.output)) {
    for (const std::string& tag : request.tags) add("--tag", tag);
    for (const auto& [name, value] : request.labels) add("--label", name + "=" + value);
    add("--iidfile", id_file);
    add("--metadata-file", metadata_file);
  } else {
    const bool local = support::starts_with(request.output, kLocal);
    const std::string path = request.output.substr(local ? kLocal.size() : kTar.size());
    add("--output", std::string(local ? "type=local," : "type=tar,") + csv_field("dest=" + path));
  }
  args.push_back(request.context_dir);
  return args;
}

std::string tag_part(const std::string& reference) {
  const std::size_t colon = reference.rfind(':');
  return colon == std::string::npos || reference.find('/', colon) != std::string::npos ? ""
                                                                                       : reference.substr(colon + 1);
}

}  // namespace

BuildResult DockerCli::build(const BuildRequest& request, const OnBuildEvent& on_event) {
  check_output(request.output);
  const EngineInfo engine = info();
  if (!engine.buildkit) {
    Error error(ErrorCode::kNoBuildKit, "no docker program here can build with BuildKit");
    for (const std::string& reason : engine.rejected) error.note(reason);
    throw error.note(engine.client + ": version " + engine.client_version + " has no plugin buildx");
  }
  const support::TempDir folder(folder_prefix());
  const std::string id_file = folder.path() / "image-id";
  const std::string metadata_file = engine.buildx ? std::string(folder.path() / "metadata.json") : std::string{};
  process::Command build = command(build_args(request, id_file, metadata_file));
  build.deadline = request.deadline;
  build.keep_bytes = kKeptOfProgress;

  BuildProgress progress(on_event);
  const process::Outcome outcome =
      outcome_of(build, [&](process::Stream, std::string_view line) { progress.line(line); });
  BuildResult result;
  result.ok = outcome.ok();
  if (!result.ok) {
    progress.write_to(result);
    result.interrupted = outcome.kind == process::Outcome::Kind::kInterrupted;
    if (outcome.kind != process::Outcome::Kind::kExited) result.message = "docker build " + process::describe(outcome);
    // Without a failing step it may be the engine that failed; then this throws.
    if (result.failed_step.empty() && !result.interrupted) must({"version", "--format", "{{.Server.Version}}"});
    return result;
  }
  if (keeps_image(request.output)) finish_build(request, id_file, metadata_file, result);
  return result;
}

void DockerCli::finish_build(const BuildRequest& request, const std::string& id_file, const std::string& metadata_file,
                             BuildResult& result) {
  result.image_id = support::trim(support::read_file(id_file));
  if (!metadata_file.empty() && fs::exists(metadata_file)) {
    result.manifest_digest = read_metadata_digest(support::read_file(metadata_file));
    // Docker's own store has no manifest: there buildx calls the image's config digest so.
    if (result.manifest_digest == result.image_id) result.manifest_digest.clear();
  }
  if (support::starts_with(request.output, kOciDir)) {
    const std::string saved_as = request.tags.empty() ? result.image_id : request.tags.front();
    const std::string target = request.output.substr(kOciDir.size());
    const fs::path beside = fs::absolute(target).lexically_normal();
    fs::create_directories(beside.parent_path());
    const support::TempDir folder(beside.string() + ".saving-");  // on the disk that must have the room anyway
    const std::string tar = folder.path() / "image.tar";
    if (!save(saved_as, tar)) throw Error(ErrorCode::kEngineFailed, "docker save could not write " + saved_as);
    const std::string whole = folder.path() / "layout";
    const OciLayout layout =
        write_oci_layout(tar, whole, request.tags.empty() ? std::string() : tag_part(request.tags.front()));
    std::error_code error;
    fs::rename(whole, beside, error);  // a layout is there whole or not at all; an empty folder may stand in its place
    if (error) throw Error(ErrorCode::kFileWrite, "cannot put the OCI layout at " + target + ": " + error.message());
    result.manifest_digest = layout.manifest_digest;
    result.index_digest = layout.index_digest;
  }
  if (request.output != kPush) return;
  for (const std::string& tag : request.tags) {
    const PushResult pushed = push(tag, {});
    if (!pushed.ok) {
      result.ok = false;
      result.failed_step = "push " + tag;
      result.message = pushed.message;
      return;
    }
    result.manifest_digest = pushed.digest;
  }
}

}  // namespace envforge::engine
