#include <envforge/protocol/measurement_identity.hpp>

#include <algorithm>
#include <array>

namespace envforge::protocol {

// An unknown key counts as part of what was measured: then two runs that differ in it are not compared, which is said,
// whereas a mistaken comparison would be a false figure.
bool is_circumstance(std::string_view context_key) {
  static constexpr std::array<std::string_view, 20> kKeys = {
      "SM clock", "memory clock", "samples",   "median",         "fastest", "slowest",    "fraction",
      "judged",   "transport",    "algorithm", "protocol",       "power",   "throttling", "temperature",
      "seconds",  "channels",     "version",   "NVLinks active", "engine",  "through"};
  return std::find(kKeys.begin(), kKeys.end(), context_key) != kKeys.end();
}

std::string identity(const Measurement& measurement) {
  std::string out = measurement.name;
  for (const auto& [key, value] : measurement.context) {
    if (is_circumstance(key) || measurement.name.find(value) != std::string::npos) continue;
    const bool number = !value.empty() && value.find_first_not_of("0123456789.") == std::string::npos;
    out += ", " + (number ? key + " " : "") + value;
  }
  return out;
}

}  // namespace envforge::protocol
