#include <cctype>
#include <cstring>

#include <envforge/process/process.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::process {
namespace {

std::string signal_name(int signal) {
  switch (signal) {
    case SIGHUP:
      return "SIGHUP";
    case SIGINT:
      return "SIGINT";
    case SIGQUIT:
      return "SIGQUIT";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGKILL:
      return "SIGKILL";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGPIPE:
      return "SIGPIPE";
    case SIGTERM:
      return "SIGTERM";
    default:
      return ::strsignal(signal);
  }
}

bool needs_quotes(const std::string& word) {
  constexpr std::string_view kPlain = "_-./:=,+@%";
  for (const char c : word) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && kPlain.find(c) == std::string_view::npos) return true;
  }
  return word.empty();
}

std::string quoted(const std::string& word) {
  if (!needs_quotes(word)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

std::string describe(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kExited:
      return "exited with " + std::to_string(outcome.exit_code);
    case Outcome::Kind::kSignaled:
      return "was killed by signal " + std::to_string(outcome.signal) + " (" + signal_name(outcome.signal) + ")";
    case Outcome::Kind::kDeadline:
      return "passed its deadline";
    case Outcome::Kind::kInterrupted:
      return "was interrupted";
    case Outcome::Kind::kNotStarted:
      break;
  }
  return "could not be started: " + outcome.err;
}

void throw_if_interrupted(const Outcome& outcome, const std::string& program) {
  if (outcome.kind != Outcome::Kind::kInterrupted) return;
  throw support::Error(support::ErrorCode::kInterrupted, program + " was interrupted");
}

std::string to_shell(const std::vector<std::string>& argv) {
  std::vector<std::string> words;
  for (const std::string& word : argv) words.push_back(quoted(word));
  return support::join(words, " ");
}

}  // namespace envforge::process
