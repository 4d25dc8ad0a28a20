#include <algorithm>

#include <envforge/protocol/check_ids.hpp>

#include "harness/check.hpp"

namespace envforge::validator::harness {
namespace {

// The validator's only mutable globals: filled before main by the registration objects, read-only from then on.
std::vector<RegisteredCheck>& registry() {
  static std::vector<RegisteredCheck> checks;
  return checks;
}
std::vector<Role>& roles() {
  static std::vector<Role> all;
  return all;
}

}  // namespace

Registration::Registration(const char* file, std::function<std::unique_ptr<Check>()> make) {
  auto& checks = registry();
  RegisteredCheck check{protocol::check_id_of_path(file), std::move(make)};
  const auto place = std::lower_bound(checks.begin(), checks.end(), check,
                                      [](const RegisteredCheck& a, const RegisteredCheck& b) { return a.id < b.id; });
  checks.insert(place, std::move(check));
}

RoleRegistration::RoleRegistration(const char* name, std::function<void(Channel&)> run) {
  roles().push_back({name, std::move(run)});
}

const std::vector<Role>& registered_roles() {
  return roles();
}

const std::vector<RegisteredCheck>& registered_checks() {
  return registry();
}

}  // namespace envforge::validator::harness
