// What the checks of the group audit share: the inventory of this container, taken once. Unlike in the other groups
// nothing of the image is opened for execution.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>
#include <variant>

#include "audit/inventory.hpp"
#include "harness/check.hpp"
#include "harness/context.hpp"
#include "loader/root.hpp"

namespace envforge::validator::checks::audit {

class Session {
 public:
  explicit Session(harness::Context& context)
      : taken_(validator::audit::take_inventory(root_, environment(), context.request().python)) {}

  const loader::Root& root() const { return root_; }
  /// A copy, into which a negative control may plant its fault. Throws Skip when the image has no torch.
  validator::audit::Inventory inventory() const {
    if (const auto* nothing = std::get_if<validator::audit::NothingToAudit>(&taken_))
      throw harness::Skip(nothing->reason);
    return std::get<validator::audit::Inventory>(taken_);
  }

 private:
  /// The group inherits the container's environment unchanged: it is what is audited.
  static loader::Environment environment() {
    loader::Environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      const auto equals = text.find('=');
      if (equals != std::string::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
  }

  loader::Root root_;
  std::variant<validator::audit::Inventory, validator::audit::NothingToAudit> taken_;
};

}  // namespace envforge::validator::checks::audit
