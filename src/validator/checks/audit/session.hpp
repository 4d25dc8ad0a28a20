// What the checks of the group audit share: the inventory of this container, taken once. Unlike in the other groups
// nothing of the image is opened for execution.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>
#include <variant>

#include <envforge/support/environment.hpp>

#include "audit/inventory.hpp"
#include "harness/check.hpp"
#include "harness/context.hpp"
#include "loader/root.hpp"

namespace envforge::validator::checks::audit {

class Session {
 public:
  /// The group inherits the container's environment unchanged: it is what is audited.
  explicit Session(harness::Context& context)
      : taken_(validator::audit::take_inventory(root_, support::environment_of(environ), context.request().python)) {}

  const loader::Root& root() const { return root_; }
  /// A copy, into which a negative control may plant its fault. Throws Skip when the image has no torch.
  validator::audit::Inventory inventory() const {
    if (const auto* nothing = std::get_if<validator::audit::NothingToAudit>(&taken_))
      throw harness::Skip(nothing->reason);
    return std::get<validator::audit::Inventory>(taken_);
  }

 private:
  loader::Root root_;
  std::variant<validator::audit::Inventory, validator::audit::NothingToAudit> taken_;
};

}  // namespace envforge::validator::checks::audit
