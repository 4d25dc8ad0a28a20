// Progress of a use case, for whoever shows it. A use case never prints.
#pragma once

#include <string>

namespace envforge::app {

class Events {
 public:
  virtual ~Events() = default;
  /// A step that takes time has begun: "resolving Python packages". Ends with the next step or done().
  virtual void step(const std::string& what) = 0;
  /// One line of progress within the step; may be overwritten on a terminal.
  virtual void progress(const std::string& line) = 0;
  /// Something the user should know and that stays visible.
  virtual void note(const std::string& line) = 0;
  virtual void warn(const std::string& line) = 0;
};

}  // namespace envforge::app
