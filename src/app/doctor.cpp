#include <envforge/app/doctor.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <nlohmann/json.hpp>

#include <envforge/app/gpu_selection.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using State = Finding::State;

// A first build of a torch image needs about this much: the image, the build cache and the downloaded wheels.
constexpr std::uint64_t kBuildDisk = 20'000'000'000;

std::string first_line(const std::string& text) {
  return support::printable(support::trim(text.substr(0, text.find('\n'))));
}

Finding program(World& world, const std::string& name, const std::vector<std::string>& version_arguments,
                std::vector<std::string> needed_by, const std::string& fix) {
  Finding finding{State::kMissing, name, "not on PATH", std::move(needed_by), fix};
  const auto found = world.processes.find_programs(name);
  if (found.empty()) return finding;
  process::Command command;
  command.argv = {found.front()};
  command.argv.insert(command.argv.end(), version_arguments.begin(), version_arguments.end());
  command.deadline = std::chrono::seconds(10);
  const auto outcome = world.processes.run(command);
  finding.state = outcome.ok() ? State::kGood : State::kMissing;
  finding.found = outcome.ok() ? first_line(outcome.out) + " (" + found.front() + ")"
                               : found.front() + " " + process::describe(outcome);
  if (outcome.ok()) finding.fix.clear();
  return finding;
}

Finding disk(const std::string& what, const std::string& folder) {
  namespace fs = std::filesystem;
  fs::path path = folder;
  std::error_code error;
  while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  const auto space = fs::space(path, error);
  if (error)
    return {State::kNote, what, "cannot be measured at " + path.string() + ": " + error.message(), {"build"}, ""};
  const bool enough = space.available >= kBuildDisk;
  return {enough ? State::kGood : State::kMissing,
          what,
          support::human_bytes(space.available) + " free at " + path.string(),
          {"build"},
          enough ? ""
                 : "a first torch image needs about " + support::human_bytes(kBuildDisk) +
                       "; `docker system prune` or --cache-dir on a larger disk"};
}

void engine_findings(World& world, std::vector<Finding>& findings) {
  const std::vector<std::string> needed_by = {"build", "verify"};
  try {
    const auto info = world.engine.info();
    findings.push_back({State::kGood, "engine",
                        "docker " + info.server_version + " (client " + info.client_version + " at " + info.client +
                            ", " + (info.buildx ? "buildx" : "built-in BuildKit") + (info.remote ? ", remote" : "") +
                            ")",
                        needed_by, ""});
    for (const auto& line : info.rejected) findings.push_back({State::kNote, "docker", line, {}, ""});
    const bool injects = info.nvidia_runtime || info.cdi;
    findings.push_back(
        {injects ? State::kGood : State::kMissing,
         "GPU injection",
         info.nvidia_runtime ? "NVIDIA runtime (--gpus)"
         : info.cdi          ? "CDI (--device nvidia.com/gpu=...)"
                             : "the engine has neither the NVIDIA runtime nor CDI",
         {"verify --gpus"},
         injects ? ""
                 : "install nvidia-container-toolkit, then `nvidia-ctk runtime configure` and restart the engine"});
    if (!info.remote && !info.root_dir.empty()) findings.push_back(disk("engine disk", info.root_dir));
  } catch (const support::Error& error) {
    findings.push_back({State::kMissing, "engine", error.message(), needed_by, error.hint()});
  }
}

void gpu_findings(World& world, std::vector<Finding>& findings) {
  const auto host = host_gpus(world.processes);
  if (host.gpus.empty()) {
    findings.push_back({State::kMissing,
                        "GPU",
                        "no NVIDIA GPU that a driver shows",
                        {"verify --gpus"},
                        "install the NVIDIA driver, or verify on a machine that has a GPU; --gpus none needs none"});
  }
  for (const auto& gpu : host.gpus) {
    findings.push_back(
        {State::kGood,
         "GPU " + std::to_string(gpu.index),
         support::printable(gpu.name) + ", driver " + support::printable(host.driver) + (gpu.busy ? ", in use" : ""),
         {"verify --gpus"},
         ""});
  }
}

// What the site's archives of Python need.
void python_findings(World& world, std::vector<Finding>& findings) {
  const std::vector<std::string> needed_by = {"render", "build"};
  bool addresses = false;
  for (const auto& python : world.site.pythons) {
    std::error_code error;
    addresses = addresses || documents::has_address(python.value);
    if (documents::has_address(python.value) || std::filesystem::exists(python.value.url, error)) continue;
    findings.push_back({State::kMissing, "Python " + python.value.version, python.value.url + " is not there",
                        needed_by,
                        "put the archive there, or mend `pythons` (" + support::to_string(python.where) + ")"});
  }
  if (addresses)
    findings.push_back(program(world, "curl", {"--version"}, needed_by,
                               "install curl, or name files instead of addresses under `pythons`"));
}

const char* word(State state) {
  switch (state) {
    case State::kGood:
      return "good   ";
    case State::kMissing:
      return "missing";
    case State::kNote:
      return "note   ";
  }
  return "";
}

}  // namespace

std::vector<Finding> examine(World& world) {
  std::vector<Finding> findings;
  findings.push_back(program(
      world, "uv", {"--version"}, {"lock", "render", "build"},
      "`pip install --user uv`, or put its single binary into ~/.local/bin; `lock --no-packages` works without"));
  findings.push_back(
      program(world, "apt-get", {"--version"}, {"lock", "render", "build"},
              "a Debian or Ubuntu host resolves .debs with apt; elsewhere use --debs DIR or a base image"));
  findings.push_back(program(world, "mmdebstrap", {"--version"}, {"render", "build"},
                             "`apt-get install mmdebstrap`, or name a base image in the site configuration (bases:)"));
  engine_findings(world, findings);
  gpu_findings(world, findings);
  python_findings(world, findings);
  findings.push_back(disk("cache disk", world.cache_dir));
  for (const auto& setting : documents::describe(world.site)) {
    findings.push_back({State::kNote, "setting " + setting.name, setting.value + " (" + setting.origin + ")", {}, ""});
  }
  return findings;
}

std::string doctor_text(const std::vector<Finding>& findings) {
  std::ostringstream out;
  for (const auto& finding : findings) {
    std::string what = finding.what;
    if (what.size() < 15) what.resize(15, ' ');
    constexpr std::size_t kFound = 25, kBelow = 9;
    out << word(finding.state) << "  " << what << " " << support::wrap(finding.found, kFound, kFound) << "\n";
    if (finding.state != State::kMissing) continue;
    const auto below = [&](const std::string& line) {
      out << std::string(kBelow, ' ') << support::wrap(line, kBelow, kBelow + 2) << "\n";
    };
    if (!finding.needed_by.empty()) below("needed by: " + support::join(finding.needed_by, ", "));
    if (!finding.fix.empty()) below("fix: " + finding.fix);
  }
  return out.str();
}

nlohmann::json to_json(const std::vector<Finding>& findings) {
  auto out = nlohmann::json::array();
  for (const auto& finding : findings) {
    out.push_back({{"state", support::trim(word(finding.state))},
                   {"what", finding.what},
                   {"found", finding.found},
                   {"needed_by", finding.needed_by},
                   {"fix", finding.fix}});
  }
  return {{"schema", "envforge/doctor"}, {"schema_version", 1}, {"findings", out}};
}

}  // namespace envforge::app
