// Something about a container that can spoil a run, with the line that mends it.
#pragma once

#include <string>

namespace envforge::validator::container {

struct Finding {
  std::string what;
  std::string mend;
  bool severe = false;  // it breaks or falsifies the work; otherwise it slows it down or may surprise
};

/// The mend for a variable that the image or the run sets.
inline std::string without_variable(const std::string& name) {
  return "take `ENV " + name + "` out of the image (recipe: environment), or leave `-e " + name + "` out of docker run";
}

}  // namespace envforge::validator::container
