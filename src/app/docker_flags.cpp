#include "docker_flags.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;

// Of `docker create` and `docker run`, engines 20.10 to 28: all other flags have a value.
constexpr std::array<std::string_view, 14> kWithoutValue = {"--detach",
                                                            "--disable-content-trust",
                                                            "--init",
                                                            "--interactive",
                                                            "--no-healthcheck",
                                                            "--oom-kill-disable",
                                                            "--privileged",
                                                            "--publish-all",
                                                            "--quiet",
                                                            "--read-only",
                                                            "--rm",
                                                            "--sig-proxy",
                                                            "--tty",
                                                            "--use-api-socket"};

struct Short {
  char letter;
  std::string_view name;
};
constexpr std::array<Short, 15> kShort = {{{'a', "--attach"},
                                           {'c', "--cpu-shares"},
                                           {'d', "--detach"},
                                           {'e', "--env"},
                                           {'h', "--hostname"},
                                           {'i', "--interactive"},
                                           {'l', "--label"},
                                           {'m', "--memory"},
                                           {'P', "--publish-all"},
                                           {'p', "--publish"},
                                           {'q', "--quiet"},
                                           {'t', "--tty"},
                                           {'u', "--user"},
                                           {'v', "--volume"},
                                           {'w', "--workdir"}}};

// The validator's program takes the place of the image's, under a name and with pipes of its own.
constexpr std::array<std::string_view, 15> kOfTheRun = {
    "--entrypoint", "--name", "--rm",      "--detach", "--detach-keys", "--interactive", "--tty",     "--attach",
    "--cidfile",    "--pull", "--restart", "--quiet",  "--sig-proxy",   "--init",        "--platform"};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

[[noreturn]] void refuse(const std::string& why, const std::string& hint) {
  throw Error(ErrorCode::kUsage, "behind --: " + why, std::nullopt, hint);
}

void check_name(std::string_view name, std::string_view value) {
  const bool our_label = name == "--label" && support::starts_with(value, "dev.envforge.");
  if (!has(kOfTheRun, name) && !our_label) return;
  refuse(support::printable(name) + (our_label ? " " + support::printable(value) : "") + " is verify's own",
         "leave it out: the validator runs in the place of the image's program, and the container is removed after it");
}

std::string_view long_name(char letter, std::string_view word) {
  const auto row = std::find_if(kShort.begin(), kShort.end(), [&](const Short& one) { return one.letter == letter; });
  if (row == kShort.end()) refuse(support::printable(word) + " is no flag of docker run", "");
  return row->name;
}

}  // namespace

void check_docker_flags(const std::vector<std::string>& flags) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const std::string_view word = flags[i];
    const auto value_of = [&](std::string_view name) -> std::string_view {
      if (++i == flags.size())
        refuse(support::printable(name) + " has no value", "write " + std::string(name) + "=VALUE");
      return flags[i];
    };
    if (word.size() < 2 || word.front() != '-' || word == "--") {
      refuse("'" + support::printable(word) + "' is no flag; docker would take it for the image",
             "only the flags of `docker run` stand there, without the image and its command");
    }
    if (word[1] == '-') {
      const auto equals = word.find('=');
      const std::string_view name = word.substr(0, equals);
      const bool alone = equals == std::string_view::npos && !has(kWithoutValue, name);
      check_name(name, alone ? value_of(name) : equals == std::string_view::npos ? "" : word.substr(equals + 1));
      continue;
    }
    for (std::size_t at = 1; at < word.size(); ++at) {  // -it, -eNAME=VALUE
      const std::string_view name = long_name(word[at], word);
      if (has(kWithoutValue, name)) {
        check_name(name, "");
        continue;
      }
      const std::string_view rest = word.substr(at + 1);
      check_name(name, rest.empty() ? value_of(word) : rest);
      break;
    }
  }
}

}  // namespace envforge::app
