#include <regex>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/support/text.hpp>

#include "docker_json.hpp"
#include "docker_text.hpp"

namespace envforge::engine {
namespace {

/// A registry that does not answer must not hold up a lock or a build.
constexpr std::chrono::seconds kRegistryDeadline{10};

/// Docker itself takes plain HTTP from registries on the loopback addresses, and from no others.
bool on_loopback(const std::string& reference) {
  const std::string host = reference.substr(0, reference.find('/'));
  if (support::starts_with(host, "127.")) return host.find_first_not_of("0123456789.:") == std::string::npos;
  return host == "localhost" || support::starts_with(host, "localhost:") || support::starts_with(host, "[::1]");
}

}  // namespace

PushResult DockerCli::push(const std::string& tag, const std::function<void(std::string_view)>& on_line) {
  const std::regex digest_line("^[^ ]+: digest: (sha256:[0-9a-f]{64}) size: [0-9]+");
  PushResult result;
  const process::Outcome outcome =
      call(command({"push", "--", tag}), [&](process::Stream stream, std::string_view line) {
        if (on_line) on_line(line);
        std::match_results<std::string_view::const_iterator> match;
        if (stream == process::Stream::kOut && std::regex_search(line.begin(), line.end(), match, digest_line)) {
          result.digest = match[1];
        }
      });
  result.ok = outcome.ok() && !result.digest.empty();
  if (result.ok) return result;
  result.message = outcome.ok() ? "docker push did not tell the digest" : last_line(outcome.err);
  if (result.message.empty()) result.message = "docker push " + process::describe(outcome);
  return result;
}

std::optional<std::string> DockerCli::registry_digest(const std::string& reference, const std::string& platform) {
  std::vector<std::string> args = {"manifest", "inspect", "--verbose"};
  if (on_loopback(reference)) args.emplace_back("--insecure");
  args.insert(args.end(), {"--", reference});
  process::Command inspect = command(args);
  inspect.deadline = kRegistryDeadline;
  // The client itself asks the registry: a connection that breaks is the registry's, so call() would misread it.
  const process::Outcome outcome = runner_.run(inspect);
  process::throw_if_interrupted(outcome, "docker manifest inspect");
  if (!outcome.ok()) return std::nullopt;
  return read_manifest_digest(outcome.out, platform);
}

}  // namespace envforge::engine
