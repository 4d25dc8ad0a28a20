#include "docker_text.hpp"

#include <algorithm>
#include <random>

#include <envforge/support/text.hpp>

namespace envforge::engine {
namespace {

bool holds_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

}  // namespace

std::vector<std::string> docker_argv(const std::string& client, const std::string& host,
                                     const std::vector<std::string>& args) {
  std::vector<std::string> argv = {client};
  if (!host.empty()) argv.insert(argv.end(), {"--host", host});
  argv.insert(argv.end(), args.begin(), args.end());
  return argv;
}

std::map<std::string, std::string> docker_environment() {
  return {{"DOCKER_BUILDKIT", "1"}, {"BUILDX_NO_DEFAULT_ATTESTATIONS", "1"}, {"DOCKER_CLI_HINTS", "false"}};
}

std::string last_line(std::string_view text) {
  std::string last;
  for (const std::string& line : support::split(text, '\n')) {
    const std::string trimmed = support::trim(line);
    if (!trimmed.empty() && trimmed.find("--help") == std::string::npos) last = trimmed;
  }
  for (const std::string_view prefix : {"docker: ", "Error response from daemon: ", "Error: "}) {
    if (support::starts_with(last, prefix)) last.erase(0, prefix.size());
  }
  return last;
}

bool engine_is_silent(std::string_view error) {
  // Only at the start of a line: a build step's or a registry's own connection trouble is told within one.
  for (const std::string& line : support::split(error, '\n')) {
    std::string_view text = line;
    for (const std::string_view prefix : {"ERROR: ", "docker: "}) {
      if (support::starts_with(text, prefix)) text.remove_prefix(prefix.size());
    }
    for (const std::string_view start :
         {"Cannot connect to the Docker daemon", "failed to connect to the docker API", "error during connect:"}) {
      if (support::starts_with(text, start)) return true;
    }
  }
  return false;
}

bool is_permission_denied(std::string_view error) {
  return holds_any(error, {"permission denied while trying to connect"});
}

bool is_absent_image(std::string_view error) {
  return holds_any(error, {"No such image", "no such image", "No such object"});
}

bool is_damaged_cache(std::string_view error) {
  if (holds_any(error,
                {"layer does not exist", "failed to get layer", "invalid mutable ref", "can not convert active"}))
    return true;
  // A file that COPY does not find is told as "no such file" too, below the context's own mount.
  return holds_any(error, {"no such file or directory"}) && !holds_any(error, {"buildkit-mount"}) &&
         holds_any(error, {"/overlay2/", "/layerdb/", "/image/overlay2", "/buildkit/", "/snapshots/"});
}

std::string fresh_name() {
  std::random_device device;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name = "envforge-";
  for (int word = 0; word < 4; ++word) {
    for (unsigned bits = device(), digit = 0; digit < 8; ++digit, bits >>= 4U) name += kDigits[bits & 15U];
  }
  return name;
}

}  // namespace envforge::engine
