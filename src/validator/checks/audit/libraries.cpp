// Proves: each CUDA library that torch would load comes from one place, and the versions of the set fit together, by
//   the loader's own rules and without executing anything.
// Control: a second copy of one library, of another version, within reach by LD_LIBRARY_PATH.
// Suite: quick
#include <envforge/support/text.hpp>

#include "audit/conflicts.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::audit {
namespace {

using validator::audit::Conflict;
using validator::audit::Copy;
using validator::audit::Inventory;
using validator::audit::Library;

class Libraries : public harness::Check {
  void run(harness::Context& context, protocol::CheckResult& result) override {
    Inventory inventory = context.session<Session>().inventory();
    if (inventory.libraries.empty() && inventory.missing.empty()) {
      throw harness::Skip("torch " + inventory.torch_version + " is built without CUDA");
    }
    for (const Library& library : inventory.libraries) {
      context.found_library({library.soname, library.chosen.path, library.chosen.version,
                             to_string(library.chosen.owner), library.chosen.rule});
    }
    const std::vector<Conflict> conflicts = find_conflicts(inventory);
    const auto compare = [&] {
      const auto found = find_conflicts(inventory);
      harness::Comparison comparison;
      comparison.compared = inventory.libraries.size() + inventory.missing.size();
      comparison.wrong = found.size();
      comparison.worst = static_cast<double>(found.size());
      return comparison;
    };
    const harness::Control control{"a second copy of one library, of another version, within reach by LD_LIBRARY_PATH",
                                   1, [&] { plant(inventory); }, [&] { undo(inventory); }};
    result.summary = "torch " + inventory.torch_version + ": " + std::to_string(inventory.libraries.size()) +
                     " CUDA libraries, each from one place; by the loader's rules, nothing was executed";
    for (const Conflict& copy : find_unused_copies(inventory)) result.summary += "; not used: " + copy.what;
    judge(result, compare, control, protocol::Layer::kImage);
    if (result.verdict == protocol::Verdict::kFail) explain(conflicts, result);
  }

  static void plant(Inventory& inventory) {
    if (inventory.libraries.empty())
      inventory.libraries.push_back({"libplanted.so.1", {"/planted/a", "1", {}, ""}, "", {}});
    inventory.libraries.front().others.push_back(
        Copy{"/envforge-planted/" + inventory.libraries.front().soname, "0.0.1", {"none", "", ""}, "LD_LIBRARY_PATH"});
  }
  static void undo(Inventory& inventory) { inventory.libraries.front().others.pop_back(); }

  static void explain(const std::vector<Conflict>& conflicts, protocol::CheckResult& result) {
    std::vector<std::string> what, mend, details;
    for (const Conflict& one : conflicts) {
      what.push_back(one.what);
      mend.push_back(one.mend);
      details.insert(details.end(), one.details.begin(), one.details.end());
    }
    result.summary = std::to_string(conflicts.size()) + (conflicts.size() == 1 ? " conflict" : " conflicts") +
                     " among torch's CUDA libraries";
    result.reason = support::join(what, "; ");
    result.mend = support::join(mend, "; ");
    result.evidence =
        details.empty() ? "files, rpaths, owners and LD_LIBRARY_PATH of this container" : support::join(details, "; ");
  }
};

ENVFORGE_CHECK(Libraries);

}  // namespace
}  // namespace envforge::validator::checks::audit
