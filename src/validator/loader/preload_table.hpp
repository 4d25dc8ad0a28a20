// Which libraries torch/__init__.py opens itself before torch._C, by torch version: rows read from the wheels.
#pragma once

#include <string>
#include <vector>

namespace envforge::validator::loader {

struct PreloadEntry {
  std::string folder;   // below <sys.path entry>/nvidia
  std::string pattern;  // up to the version: "libnvrtc.so."
};

struct PreloadRow {
  std::string torch;                  // the version that was opened
  bool any_cudart = false;            // true: also after a libcudart that is not the wheel's; false: the wheel's only
  bool each_optional = false;         // false: the first that is missing ends the preload
  bool cuda_folder = false;           // also looks in nvidia/cu<major>/lib
  std::vector<PreloadEntry> after;    // after libtorch_global_deps.so was loaded
  std::vector<PreloadEntry> instead;  // when it could not be loaded for want of a CUDA library; then it is tried again
};

/// The row of the newest opened version that is not newer than `torch` ("2.7.0" -> 2.6.0's), the oldest row for
/// anything older.
const PreloadRow& preload_row(const std::string& torch);

}  // namespace envforge::validator::loader
