#include <filesystem>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "docker_json.hpp"
#include "docker_text.hpp"

namespace envforge::engine {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

/// Never executed: a container that is only copied from or into must still name a program.
constexpr const char* kNeverRun = "/envforge-never-run";
constexpr const char* kVolumeTarget = "/envforge-volume";

std::string owner_label() {
  return std::string(kOwnerLabel) + "=" + this_process_as_owner();
}

std::string csv_field(const std::string& text) {
  return text.find_first_of("\",\n") == std::string::npos ? text : "\"" + text + "\"";
}

/// What follows the first words of `docker create` and `docker run`.
void add_request(const ContainerRequest& request, bool interactive, std::vector<std::string>& args) {
  for (const auto& [key, value] : request.labels) args.insert(args.end(), {"--label", key + "=" + value});
  if (request.no_healthcheck) args.emplace_back("--no-healthcheck");
  if (interactive) args.emplace_back("--interactive");
  for (const auto& [key, value] : request.environment) args.insert(args.end(), {"--env", key + "=" + value});
  for (const Mount& mount : request.mounts) {
    args.insert(args.end(), {"--mount", "type=volume," + csv_field("src=" + mount.volume) + "," +
                                            csv_field("dst=" + mount.target) + (mount.read_only ? ",readonly" : "")});
  }
  args.insert(args.end(), request.extra_args.begin(), request.extra_args.end());
  // Behind them: of two the engine takes the last.
  if (!request.entrypoint.empty()) args.insert(args.end(), {"--entrypoint", request.entrypoint.front()});
  args.insert(args.end(), {"--", request.image});
  if (request.entrypoint.size() > 1) args.insert(args.end(), request.entrypoint.begin() + 1, request.entrypoint.end());
  args.insert(args.end(), request.command.begin(), request.command.end());
}

std::vector<std::string> create_args(const ContainerRequest& request, const std::string& name) {
  std::vector<std::string> args = {"create", "--name", name, "--pull", "never", "--label", owner_label()};
  add_request(request, !request.standard_input.empty(), args);
  return args;
}

/// Calls `body` when the scope ends, however it ends.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> body) : body_(std::move(body)) {}
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;
  ~AtEnd() { body_(); }

 private:
  std::function<void()> body_;
};

/// A copy of `from` that any user can read: what goes into a volume is read by whatever user the image has.
void copy_readable(const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  const auto open_up = [](const fs::path& path) {
    const bool runs =
        fs::is_directory(path) || (fs::status(path).permissions() & fs::perms::owner_exec) != fs::perms::none;
    fs::permissions(path, static_cast<fs::perms>(runs ? 0755 : 0644));
  };
  open_up(to);
  for (const auto& entry : fs::recursive_directory_iterator(to)) {
    if (!entry.is_symlink()) open_up(entry.path());
  }
}

}  // namespace

void DockerCli::remove_container(const std::string& name) {
  process::Command remove = command({"rm", "--force", "--volumes", "--", name});
  remove.uninterruptible = true;
  runner_.run(remove);  // what is left of a dying engine carries our label
}

std::string DockerCli::create_volume(const std::map<std::string, std::string>& labels) {
  const std::string name = fresh_name();
  std::vector<std::string> args = {"volume", "create", "--label", owner_label()};
  for (const auto& [key, value] : labels) args.insert(args.end(), {"--label", key + "=" + value});
  args.insert(args.end(), {"--", name});
  must(args);
  return name;
}

void DockerCli::remove_volume(const std::string& volume) {
  process::Command remove = command({"volume", "rm", "--force", "--", volume});
  remove.uninterruptible = true;
  must(remove);
}

void DockerCli::with_idle_container(const std::string& image, const std::vector<std::string>& args,
                                    const std::function<void(const std::string& name)>& body) {
  const std::string name = fresh_name();
  std::vector<std::string> create = {"create",  "--name",      name,        "--pull", "never",
                                     "--label", owner_label(), "--network", "none"};
  create.insert(create.end(), args.begin(), args.end());
  create.insert(create.end(), {"--entrypoint", kNeverRun, "--", image});
  const AtEnd remove([&] { remove_container(name); });
  must(create);
  body(name);
}

void DockerCli::fill_volume(const std::string& volume, const std::string& image, const std::string& local_dir) {
  const support::TempDir folder(folder_prefix());
  const fs::path readable = folder.path() / "files";
  copy_readable(local_dir, readable);
  const std::string mount = "type=volume," + csv_field("src=" + volume) + ",dst=" + kVolumeTarget + ",volume-nocopy";
  with_idle_container(image, {"--mount", mount}, [&](const std::string& name) {
    must({"cp", readable.string() + "/.", name + ":" + kVolumeTarget});
  });
}

bool DockerCli::copy_from_image(const std::string& image, const std::string& path, const std::string& local_path) {
  bool found = true;
  with_idle_container(image, {}, [&](const std::string& name) {
    const process::Command copy = command({"cp", name + ":" + path, local_path});
    const process::Outcome outcome = call(copy);
    if (outcome.ok()) return;
    found = false;
    const bool absent = outcome.err.find("No such container:path") != std::string::npos ||
                        outcome.err.find("Could not find the file") != std::string::npos;
    if (absent) return;
    throw Error(ErrorCode::kEngineFailed, "docker cp " + process::describe(outcome) + ": " + last_line(outcome.err))
        .note("during: " + process::to_shell(copy.argv));
  });
  return found;
}

ContainerOutcome DockerCli::run(const ContainerRequest& request, const process::OnLine& on_line) {
  const std::string name = fresh_name();
  const auto start = std::chrono::steady_clock::now();
  ContainerOutcome result;
  const AtEnd remove([&] { remove_container(name); });
  process::Command create = command(create_args(request, name));
  create.deadline = request.deadline;
  const process::Outcome created = outcome_of(create);
  if (!created.ok()) {
    result.outcome = created;
    result.outcome.out.clear();
    if (created.kind == process::Outcome::Kind::kExited) {
      result.outcome.kind = process::Outcome::Kind::kNotStarted;
      result.engine_error = last_line(created.err);
    }
    return result;
  }
  process::Command attach = command({"start", "--attach", name});
  if (!request.standard_input.empty()) {
    attach.argv.insert(attach.argv.end() - 1, "--interactive");
    attach.standard_input = request.standard_input;
  }
  if (request.deadline.count() > 0) {
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    attach.deadline = std::max(request.deadline - spent, std::chrono::milliseconds(1));
  }
  result.outcome = runner_.run(attach, on_line);
  result.outcome.peak_memory_kb = 0;  // the client's, which nobody asked for
  if (result.outcome.kind != process::Outcome::Kind::kExited) return result;

  // The client's exit code is the container's or its own; only the engine knows whether the container ran.
  const ContainerState state =
      read_state(must({"inspect", "--type", "container", "--format", "{{json .State}}", name}).out);
  result.out_of_memory = state.out_of_memory;
  if (state.ran) {
    result.outcome.exit_code = state.exit_code;
  } else {
    result.engine_error = state.error.empty() ? last_line(result.outcome.err) : state.error;
    result.outcome.kind = process::Outcome::Kind::kNotStarted;
    result.outcome.exit_code = -1;
  }
  return result;
}

std::vector<std::string> DockerCli::foreground_command(const ContainerRequest& request, bool terminal) {
  std::vector<std::string> args = {"run", "--rm", "--pull", "never"};
  if (terminal) args.emplace_back("--tty");
  add_request(request, true, args);
  return command(args).argv;
}

std::vector<std::string> DockerCli::remove_leftovers() {
  std::vector<std::string> removed;
  const std::string filter = "label=" + std::string(kOwnerLabel);
  const std::string owner = "{{.Label \"" + std::string(kOwnerLabel) + "\"}}";
  const auto sweep = [&](const std::vector<std::string>& list, const std::vector<std::string>& remove,
                         const std::string& kind) {
    for (const std::string& line : support::split(must(list).out, '\n')) {
      const std::size_t blank = line.find(' ');
      if (blank == std::string::npos || owner_runs(line.substr(blank + 1)).value_or(true)) continue;
      const std::string name = line.substr(0, blank);
      std::vector<std::string> args = remove;
      args.insert(args.end(), {"--", name});
      if (call(args).ok()) removed.push_back(kind + " " + name);
    }
  };
  // Containers first: a volume in use cannot go.
  sweep({"ps", "--all", "--no-trunc", "--filter", filter, "--format", "{{.Names}} " + owner},
        {"rm", "--force", "--volumes"}, "container");
  sweep({"volume", "ls", "--filter", filter, "--format", "{{.Name}} " + owner}, {"volume", "rm", "--force"}, "volume");
  const std::string borrowed = "reference=" + std::string(kBorrowedRepository) + ":*";
  const std::vector<std::string> list = {"images", "--filter", borrowed, "--format", "{{.Repository}}:{{.Tag}}"};
  for (const std::string& name : support::split(must(list).out, '\n')) {
    if (!borrower_runs(name).value_or(true) && remove_image(name)) removed.push_back("name " + name);
  }
  return removed;
}

}  // namespace envforge::engine
