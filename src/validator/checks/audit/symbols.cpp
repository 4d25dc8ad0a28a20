// Proves: each function that torch's libraries call is in the copy of the library that is taken.
// Control: a function that no library has is wanted in the copy that is judged.
// Suite: standard
#include "audit/symbols.hpp"

#include <envforge/support/text.hpp>

#include "harness/check.hpp"
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::audit {
namespace {

using validator::audit::find_missing_symbols;

class Symbols : public harness::Check {
  void run(harness::Context& context, protocol::CheckResult& result) override {
    const Session& session = context.session<Session>();
    auto libraries = validator::audit::read_symbols(session.root(), session.inventory());
    std::size_t wanted = 0;
    const validator::audit::LibrarySymbols* offers = nullptr;
    for (const auto& library : libraries) {
      wanted += library.wanted.size();
      if (!library.offered.empty()) offers = &library;
    }
    if (wanted == 0 || offers == nullptr) throw harness::Skip("the libraries have no table of dynamic symbols");
    const auto conflicts = find_missing_symbols(libraries);
    const std::string planted = *offers->offered.begin() + "_planted";
    const harness::Control control{planted + " is wanted", 1,
                                   [&] {
                                     libraries.push_back({"planted", {}, {planted}, {}});
                                   },
                                   [&] { libraries.pop_back(); }};
    result.summary = std::to_string(wanted) + " functions that " + std::to_string(libraries.size()) +
                     " libraries take from each other are all there";
    judge(
        result,
        [&] {
          harness::Comparison comparison;
          comparison.compared = wanted;
          comparison.wrong = find_missing_symbols(libraries).size();
          comparison.worst = static_cast<double>(comparison.wrong);
          return comparison;
        },
        control, protocol::Layer::kImage);
    if (result.verdict != protocol::Verdict::kFail) return;
    std::vector<std::string> what, mend;
    for (const auto& one : conflicts) {
      what.push_back(one.what);
      mend.push_back(one.mend);
    }
    result.summary.clear();
    result.reason = support::join(what, "; ");
    result.mend = support::join(mend, "; ");
    result.evidence = "the dynamic symbol tables of the files that would be loaded";
  }
};

ENVFORGE_CHECK(Symbols);

}  // namespace
}  // namespace envforge::validator::checks::audit
