#include "console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <envforge/support/text.hpp>

#include "logging.hpp"

namespace envforge::cli {

Terminal look_at_terminal(const std::string& colour) {
  Terminal terminal;
  terminal.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = (no_color != nullptr && *no_color != '\0') || term == nullptr || std::strcmp(term, "dumb") == 0;
  terminal.colour_out = colour == "always" || (colour == "auto" && terminal.out_is_terminal && !plain);
  terminal.colour_err = colour == "always" || (colour == "auto" && terminal.err_is_terminal && !plain);
  winsize size{};
  if (terminal.out_is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) terminal.out_columns = size.ws_col;
  return terminal;
}

void print_out(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_err(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

ConsoleEvents::ConsoleEvents(const Terminal& terminal, bool quiet) : terminal_(terminal), quiet_(quiet) {}

ConsoleEvents::~ConsoleEvents() {
  finish();
}

void ConsoleEvents::clear_line() {
  if (open_lines_ > 1) print_err("\x1b[" + std::to_string(open_lines_ - 1) + "A");
  if (open_lines_ > 0) print_err("\r\x1b[J");
  open_lines_ = 0;
}

void ConsoleEvents::finish() {
  clear_line();
  if (step_.empty() || quiet_) return;
  std::array<char, 32> seconds{};
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since_;
  std::snprintf(seconds.data(), seconds.size(), " %.1f s\n", took.count());
  print_err("  " + step_ + seconds.data());
  step_.clear();
}

void ConsoleEvents::step(const std::string& what) {
  finish();
  step_ = support::printable(what);
  since_ = std::chrono::steady_clock::now();
  log_debug("step: " + step_);
  progress("");
}

void ConsoleEvents::overwrite(const std::vector<std::string>& lines) {
  constexpr std::size_t kWidth = 78;
  if (quiet_ || !terminal_.err_is_terminal) return;
  clear_line();
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + ("  " + line).substr(0, kWidth);
  print_err(text);
  std::fflush(stderr);
  open_lines_ = lines.size();
}

void ConsoleEvents::progress(const std::string& line) {
  if (!line.empty()) log_debug(support::printable(line));
  overwrite({step_ + (line.empty() ? "" : ": " + support::printable(line))});
}

void ConsoleEvents::running(const std::vector<std::string>& lines) {
  std::vector<std::string> shown = {step_};
  for (const auto& line : lines) shown.push_back("  " + support::printable(line));
  overwrite(shown);
}

void ConsoleEvents::finished(const std::string& line) {
  log_debug(support::printable(line));
  if (!quiet_ && !terminal_.err_is_terminal) print_err("    " + support::printable(line) + "\n");
}

void ConsoleEvents::note(const std::string& line) {
  clear_line();
  if (!quiet_) print_err("  " + support::printable(line) + "\n");
}

void ConsoleEvents::warn(const std::string& line) {
  clear_line();
  const std::string text = "warning: " + support::wrap(support::printable(line), 9, 0);
  print_err((terminal_.colour_err ? "\x1b[33mwarning\x1b[0m" + text.substr(7) : text) + "\n");
}

}  // namespace envforge::cli
