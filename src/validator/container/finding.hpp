// Something about a container that can spoil a run, with the line that mends it.
#pragma once

#include <string>

namespace envforge::validator::container {

struct Finding {
  std::string what;
  std::string mend;
  bool severe = false;  // it breaks or falsifies the work; otherwise it slows it down or may surprise
};

}  // namespace envforge::validator::container
