#include <sys/statvfs.h>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "docker_json.hpp"
#include "docker_text.hpp"

namespace envforge::engine {
namespace {

using std::chrono::seconds;
using support::Error;
using support::ErrorCode;

constexpr seconds kProbeDeadline{20};
/// Clients of these versions build with BuildKit by themselves; later ones need the plugin buildx.
constexpr int kFirstOwnBuildKit = 19;
constexpr int kFirstWithoutOwnBuildKit = 23;

struct Probe {
  EngineInfo info;
  bool answered = false;
  bool denied = false;
  std::string problem;  // of a client that is not as good as it should be
};

class Prober {
 public:
  Prober(process::ProcessRunner& runner, const std::string& host) : runner_(runner), host_(host) {}

  Probe probe(const std::string& client) {
    Probe probe;
    probe.info.client = client;
    const process::Outcome version = ask(client, {"version", "--format", "{{json .}}"});
    if (!version.ok() || !read_version(version.out, probe.info)) {
      const std::string error = last_line(version.err);
      probe.denied = is_permission_denied(version.err);
      probe.problem =
          version.kind != process::Outcome::Kind::kExited || error.empty() ? process::describe(version) : error;
      return probe;
    }
    const process::Outcome answer = ask(client, {"info", "--format", "{{json .}}"});
    if (!answer.ok()) {
      probe.problem = "docker info " + process::describe(answer) + ": " + last_line(answer.err);
      return probe;
    }
    probe.answered = true;
    read_info(answer.out, probe.info);
    const int client_major = major_version(probe.info.client_version);
    const bool own = client_major >= kFirstOwnBuildKit && client_major < kFirstWithoutOwnBuildKit;
    probe.info.buildkit = probe.info.buildx || own;
    if (!probe.info.buildkit) {
      probe.problem = "version " + probe.info.client_version + " cannot build with BuildKit: it has no plugin buildx";
    }
    read_endpoint(client, probe.info);
    return probe;
  }

 private:
  process::Outcome ask(const std::string& client, const std::vector<std::string>& args) {
    process::Command command;
    command.argv = docker_argv(client, host_, args);
    command.extra_environment = docker_environment();
    command.deadline = kProbeDeadline;
    process::Outcome outcome = runner_.run(command);
    process::throw_if_interrupted(outcome, client);
    return outcome;
  }

  void read_endpoint(const std::string& client, EngineInfo& info) {
    info.host = host_;
    if (host_.empty()) {
      const process::Outcome context = ask(client, {"context", "inspect", "--format", "{{json .}}"});
      if (context.ok()) info.host = read_context_host(context.out);
    }
    info.remote = !info.host.empty() && !support::starts_with(info.host, "unix://");
    if (info.remote || info.root_dir.empty()) return;
    struct statvfs disk {};
    if (::statvfs(info.root_dir.c_str(), &disk) == 0) {
      info.free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    }
  }

  process::ProcessRunner& runner_;
  const std::string& host_;
};

[[noreturn]] void refuse(const std::vector<Probe>& probes, const std::vector<std::string>& reasons) {
  if (probes.empty()) throw Error(ErrorCode::kNoEngine, "there is no docker program on PATH");
  for (const Probe& probe : probes) {
    if (!probe.denied) continue;
    throw Error(ErrorCode::kEnginePermission, probe.info.client + " may not use the engine's socket: " + probe.problem);
  }
  Error error(ErrorCode::kNoEngine, "no container engine answers");
  for (const std::string& reason : reasons) error.note(reason);
  throw error;
}

}  // namespace

EngineInfo DockerCli::info() {
  if (info_) return *info_;
  const auto clients =
      options_.program.empty() ? runner_.find_programs("docker") : std::vector<std::string>{options_.program};
  Prober prober(runner_, options_.host);
  std::vector<Probe> probes;
  std::vector<std::string> reasons;
  const auto better = [](const Probe& a, const Probe& b) {
    return a.answered && (!b.answered || (a.info.buildkit && !b.info.buildkit));
  };
  std::size_t best = 0;
  for (const std::string& client : clients) {
    probes.push_back(prober.probe(client));
    reasons.push_back(client + ": " + probes.back().problem);
    if (better(probes.back(), probes[best])) best = probes.size() - 1;
    if (probes[best].info.buildkit) break;  // PATH's order decides among those that are good enough
  }
  if (probes.empty() || !probes[best].answered) refuse(probes, reasons);
  info_ = probes[best].info;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (i != best) info_->rejected.push_back(reasons[i]);
  }
  return *info_;
}

}  // namespace envforge::engine
