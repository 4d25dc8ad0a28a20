// What the driver tells while it works, as lines for people: one for each check that runs now, and one when it is done.
// Used by verify_image.
#pragma once

#include <map>
#include <string>
#include <utility>

#include <envforge/app/events.hpp>
#include <envforge/protocol/message.hpp>

namespace envforge::app {

class CheckProgress {
 public:
  explicit CheckProgress(Events& events) : events_(events) {}
  /// One line of the driver's standard error; anything else that is written there is passed over.
  void hear(const std::string& line);

 private:
  struct Running {
    std::string text;
    double since = 0;
  };
  std::string short_gpu(const std::string& uuid);
  void show(double seconds);

  Events& events_;
  std::map<std::pair<std::string, std::string>, Running> running_;  // by group and GPU
  std::map<std::string, std::string> gpus_;                         // UUID -> "GPU 0", in the order of appearance
  int done_ = 0;
};

}  // namespace envforge::app
