// The terminal: colours, width and progress on standard error. Only cli prints.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <envforge/app/events.hpp>

namespace envforge::cli {

struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colour_out = false;
  bool colour_err = false;
  std::size_t out_columns = 0;  // of standard output; 0: it is no terminal, or one that does not tell
};

/// What the standard streams are; `colour` is "auto", "always" or "never" (NO_COLOR and TERM=dumb mean never for auto).
Terminal look_at_terminal(const std::string& colour);

/// Progress for people on standard error: steps with their time; a terminal's last line is overwritten.
class ConsoleEvents : public app::Events {
 public:
  ConsoleEvents(const Terminal& terminal, bool quiet);
  ~ConsoleEvents() override;
  void step(const std::string& what) override;
  void progress(const std::string& line) override;
  void running(const std::vector<std::string>& lines) override;
  void finished(const std::string& line) override;
  void note(const std::string& line) override;
  void warn(const std::string& line) override;
  /// Ends the step that is shown; before anything else is printed.
  void finish();

 private:
  void clear_line();
  void overwrite(const std::vector<std::string>& lines);
  Terminal terminal_;
  bool quiet_;
  std::string step_;
  std::chrono::steady_clock::time_point since_;
  std::size_t open_lines_ = 0;  // on the terminal, to be overwritten
};

void print_out(const std::string& text);
void print_err(const std::string& text);

}  // namespace envforge::cli
