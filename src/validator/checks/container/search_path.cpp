// Proves: LD_LIBRARY_PATH names no working folder, no relative folder and no stubs.
// Control: a relative entry is put into the copy that is judged.
// Suite: quick
#include "container/search_path.hpp"

#include <unistd.h>

#include <climits>

#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

class SearchPath : public harness::Check {
 public:
  void run(harness::Context&, protocol::CheckResult& result) override {
    const loader::Root root;
    const char* value = getenv("LD_LIBRARY_PATH");
    loader::Environment environment;
    const std::string original = value == nullptr ? "" : value;
    environment["LD_LIBRARY_PATH"] = original;
    char folder[PATH_MAX];
    const std::string working_folder = getcwd(folder, sizeof folder) == nullptr ? "/" : folder;
    const harness::Control control{"a relative entry in LD_LIBRARY_PATH", 1,
                                   [&] { environment["LD_LIBRARY_PATH"] = original + ":./planted"; },
                                   [&] { environment["LD_LIBRARY_PATH"] = original; }};
    result.summary =
        original.empty() ? "LD_LIBRARY_PATH is not set" : "LD_LIBRARY_PATH=" + support::printable(original);
    container::report_findings(
        result, [&] { return container::judge_search_path(root, environment, working_folder); }, 1, control,
        protocol::Layer::kImage, "LD_LIBRARY_PATH of the container's first process, and the folders it names");
  }
};
ENVFORGE_CHECK(SearchPath);

}  // namespace
}  // namespace envforge::validator
