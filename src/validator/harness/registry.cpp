#include <algorithm>

#include <envforge/protocol/check_ids.hpp>

#include "harness/check.hpp"

namespace envforge::validator::harness {
namespace {

// The validator's one mutable global: filled before main by the Registration objects, read-only from then on.
std::vector<RegisteredCheck>& registry() {
  static std::vector<RegisteredCheck> checks;
  return checks;
}

}  // namespace

Registration::Registration(const char* file, std::function<std::unique_ptr<Check>()> make) {
  auto& checks = registry();
  RegisteredCheck check{protocol::check_id_of_path(file), std::move(make)};
  const auto place = std::lower_bound(checks.begin(), checks.end(), check,
                                      [](const RegisteredCheck& a, const RegisteredCheck& b) { return a.id < b.id; });
  checks.insert(place, std::move(check));
}

const std::vector<RegisteredCheck>& registered_checks() {
  return registry();
}

}  // namespace envforge::validator::harness
