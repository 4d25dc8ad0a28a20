// How a Python is named: "3.13", or "3.13t" for the build without a GIL, whose wheels and folders have the t too.
#pragma once

#include <string>
#include <string_view>

namespace envforge::versions {

/// Of "3.13t" or "3.13.5t".
inline bool is_free_threaded(std::string_view python) {
  return !python.empty() && python.back() == 't';
}

/// "3.13" of "3.13t": what orders, and what requirements on a Python speak of.
inline std::string_view without_t(std::string_view python) {
  return is_free_threaded(python) ? python.substr(0, python.size() - 1) : python;
}

/// "3.13t" of "3.13.5t"; "3.13" of "3.13.5".
inline std::string python_series(std::string_view release) {
  const std::string_view number = without_t(release);
  return std::string(number.substr(0, number.rfind('.'))) + (is_free_threaded(release) ? "t" : "");
}

}  // namespace envforge::versions
