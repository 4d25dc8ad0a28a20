// BuildKit's plain progress (--progress=plain), line by line, as events. Private to engine; does no I/O.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include <envforge/engine/engine.hpp>

namespace envforge::engine {

class BuildProgress {
 public:
  explicit BuildProgress(const OnBuildEvent& on_event) : on_event_(on_event) {}

  void line(std::string_view text);
  /// What the lines said of a failure; leaves the rest of `result` alone.
  void write_to(BuildResult& result) const;

 private:
  struct Step {
    std::string name;
    std::deque<std::string> last_lines;
  };
  void step_line(int number, std::string_view text);
  void output(int number, Step& step, std::string_view text);
  void emit(BuildEvent::Kind kind, int step, std::string_view text, double seconds = 0) const;

  const OnBuildEvent& on_event_;
  std::map<int, Step> steps_;
  int failed_ = 0;
  std::string step_error_;
  std::string last_note_;
  std::string last_error_;
};

}  // namespace envforge::engine
