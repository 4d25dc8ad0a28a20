#include <envforge/engine/docker_cli.hpp>

#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "docker_json.hpp"
#include "docker_text.hpp"

namespace envforge::engine {

using support::Error;
using support::ErrorCode;

DockerCli::DockerCli(process::ProcessRunner& runner, DockerOptions options)
    : runner_(runner), options_(std::move(options)) {}

process::Command DockerCli::command(const std::vector<std::string>& args) {
  const EngineInfo chosen = info();
  process::Command command;
  command.argv = docker_argv(chosen.client, options_.host, args);
  command.extra_environment = docker_environment();
  return command;
}

process::Outcome DockerCli::outcome_of(const process::Command& command, const process::OnLine& on_line) {
  process::Outcome outcome = runner_.run(command, on_line);
  if (!outcome.ok() && engine_is_silent(outcome.err)) {
    throw Error(ErrorCode::kEngineGone, "the engine stopped answering: " + last_line(outcome.err))
        .note("during: " + process::to_shell(command.argv));
  }
  return outcome;
}

process::Outcome DockerCli::call(const process::Command& command, const process::OnLine& on_line) {
  process::Outcome outcome = outcome_of(command, on_line);
  process::throw_if_interrupted(outcome, "docker");
  return outcome;
}

process::Outcome DockerCli::call(const std::vector<std::string>& args) {
  return call(command(args));
}

process::Outcome DockerCli::must(const process::Command& command) {
  process::Outcome outcome = call(command);
  if (outcome.ok()) return outcome;
  Error error(ErrorCode::kEngineFailed, "docker " + process::describe(outcome));
  if (outcome.kind != process::Outcome::Kind::kNotStarted && !outcome.err.empty()) error.note(last_line(outcome.err));
  throw error.note("during: " + process::to_shell(command.argv));
}

process::Outcome DockerCli::must(const std::vector<std::string>& args) {
  return must(command(args));
}

std::optional<ImageInfo> DockerCli::inspect_image(const std::string& reference) {
  const process::Command inspect = command({"image", "inspect", "--format", "{{json .}}", "--", reference});
  const process::Outcome outcome = call(inspect);
  if (outcome.ok()) return read_image(outcome.out);
  if (is_absent_image(outcome.err)) return std::nullopt;
  throw Error(ErrorCode::kEngineFailed,
              "docker image inspect " + process::describe(outcome) + ": " + last_line(outcome.err))
      .note("during: " + process::to_shell(inspect.argv));
}

std::vector<std::string> DockerCli::image_names(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  const auto clients =
      options_.program.empty() ? runner_.find_programs("docker") : std::vector<std::string>{options_.program};
  for (const std::string& client : clients) {
    process::Command list;
    list.argv = docker_argv(client, options_.host, {"image", "ls", "--format", "{{.Repository}}:{{.Tag}}"});
    list.extra_environment = docker_environment();
    list.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (list.deadline <= std::chrono::milliseconds(0)) break;  // which would mean: none
    const process::Outcome outcome = runner_.run(list);
    if (!outcome.ok()) continue;
    std::vector<std::string> names = support::split(support::trim(outcome.out), '\n');
    std::erase_if(names, [](const std::string& name) {
      return name.empty() || name.find("<none>") != std::string::npos ||
             support::starts_with(name, std::string(kBorrowedRepository) + ":");
    });
    return names;
  }
  return {};
}

std::vector<LayerInfo> DockerCli::layers(const std::string& reference) {
  return read_history(must({"history", "--no-trunc", "--human=false", "--format", "{{json .}}", "--", reference}).out);
}

bool DockerCli::tag(const std::string& reference, const std::string& tag) {
  return call({"tag", "--", reference, tag}).ok();
}

bool DockerCli::save(const std::string& reference, const std::string& file) {
  return call({"save", "--output", file, "--", reference}).ok();
}

bool DockerCli::remove_image(const std::string& reference) {
  return call({"rmi", "--", reference}).ok();
}

}  // namespace envforge::engine
