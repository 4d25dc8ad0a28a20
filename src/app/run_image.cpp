#include <envforge/app/run_image.hpp>

#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/app/image_tags.hpp>
#include <envforge/app/load_recipe.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;

// One field of a --mount value, which docker reads as CSV.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// HOST:CONTAINER[:ro], where HOST is ./FOLDER, an absolute path or a volume's name; the recipe's reader checked it.
std::string mount_of(const documents::Recipe& recipe, const std::string& volume) {
  const auto parts = support::split(volume, ':');
  std::string host = parts.at(0);
  const bool beside = support::starts_with(host, ".");
  if (beside)
    host = std::filesystem::weakly_canonical(std::filesystem::absolute(recipe_folder(recipe) / host)).string();
  const bool folder = beside || support::starts_with(host, "/");
  const bool read_only = parts.size() == 3 && parts[2] == "ro";
  return std::string("--mount=type=") + (folder ? "bind" : "volume") + "," + field("source=" + host) + "," +
         field("target=" + parts.at(1)) + (read_only ? ",readonly" : "");
}

std::string checked_variable(const std::string& text) {
  const std::string name = text.substr(0, text.find('='));
  const bool good =
      !name.empty() && (name[0] < '0' || name[0] > '9') &&
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (good) return text;
  throw Error(ErrorCode::kUsage, "--env names no variable: '" + support::printable(name) + "'", std::nullopt,
              "write --env NAME=VALUE, or --env NAME for the value that it has here");
}

}  // namespace

std::vector<std::string> run_arguments(const documents::Recipe& recipe) {
  std::vector<std::string> args;
  const auto& run = recipe.run;
  if (run.shm_bytes) args.push_back("--shm-size=" + std::to_string(*run.shm_bytes));
  if (run.memory_bytes) args.push_back("--memory=" + std::to_string(*run.memory_bytes));
  if (run.cpus) args.push_back("--cpus=" + nlohmann::json(*run.cpus).dump());
  for (const auto& volume : run.volumes) args.push_back(mount_of(recipe, volume));
  for (const auto& port : run.ports) args.push_back("--publish=" + port);
  return args;
}

std::vector<std::string> run_command(World& world, const documents::Recipe& recipe, const RunOptions& options) {
  std::vector<std::string> variables;
  for (const auto& variable : options.environment) variables.push_back("--env=" + checked_variable(variable));
  const auto host = options.gpus.kind == GpuSelection::Kind::kNone ? HostGpus{} : host_gpus(world.processes);
  const auto gpus = gpu_arguments(options.gpus, host, world.engine.info(), options.injection);
  engine::ContainerRequest request;
  request.image = first_tag(recipe);
  if (!world.engine.inspect_image(request.image)) {
    throw Error(ErrorCode::kImageAbsent, "the engine has no image '" + support::printable(request.image) + "'",
                std::nullopt, "build it: envforge build " + recipe.file);
  }
  request.extra_args = run_arguments(recipe);
  request.extra_args.insert(request.extra_args.end(), gpus.args.begin(), gpus.args.end());
  request.extra_args.insert(request.extra_args.end(), variables.begin(), variables.end());
  request.command = options.command;
  request.no_healthcheck = false;
  return world.engine.foreground_command(request, options.terminal);
}

}  // namespace envforge::app
