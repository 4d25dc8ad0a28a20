// Progress of a use case, for whoever shows it. A use case never prints.
#pragma once

#include <string>
#include <vector>

namespace envforge::app {

class Events {
 public:
  virtual ~Events() = default;
  /// A step that takes time has begun: "resolving Python packages". Ends with the next step or done().
  virtual void step(const std::string& what) = 0;
  /// One line of progress within the step; may be overwritten on a terminal.
  virtual void progress(const std::string& line) = 0;
  /// What runs at this moment, a line each; takes the place of the lines before. Only a terminal shows them.
  virtual void running(const std::vector<std::string>& lines) { progress(lines.empty() ? "" : lines.back()); }
  /// One of the things that ran is done; where nothing can be overwritten, this line is all that is seen of it.
  virtual void finished(const std::string& line) { progress(line); }
  /// Something the user should know and that stays visible.
  virtual void note(const std::string& line) = 0;
  virtual void warn(const std::string& line) = 0;
};

}  // namespace envforge::app
