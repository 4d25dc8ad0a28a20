#include <envforge/support/canonical_json.hpp>

namespace envforge::support {

// nlohmann::json keeps object keys in a std::map: sorted by their bytes.
std::string canonical_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::strict);
}

std::string readable_json(const nlohmann::json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::strict) + "\n";
}

}  // namespace envforge::support
