// Proves: the seccomp profile lets the calls through that newer C libraries make.
// Control: a refused call is put into the list that is judged.
// Suite: quick
#include <unistd.h>

#include <climits>
#include <fstream>

#include "container/limits.hpp"
#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

/// "2" of "Seccomp:\t2".
std::string status_value(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (support::starts_with(line, name + ":")) return support::trim(line.substr(name.size() + 1));
  }
  return "";
}

class SystemCalls : public harness::Check {
 public:
  void run(harness::Context&, protocol::CheckResult& result) override {
    auto refused = container::refused_calls();
    const auto kept = refused;
    const harness::Control control{"one call more that is refused", 1,
                                   [&] {
                                     refused.push_back({"planted", "nothing"});
                                   },
                                   [&] { refused = kept; }};
    const std::string seccomp = status_value("Seccomp");
    result.summary = std::string(seccomp == "2"   ? "a seccomp filter"
                                 : seccomp == "0" ? "no seccomp filter"
                                                  : "seccomp mode " + seccomp) +
                     (status_value("NoNewPrivs") == "1" ? ", no new privileges" : "") + ", uid " +
                     std::to_string(geteuid()) + ": clone3, faccessat2, statx and memfd_create are let through";
    container::report_findings(
        result, [&] { return container::judge_refused(refused); }, 4, control, protocol::Layer::kContainerFlags,
        "each call was made with arguments that do nothing");
  }
};
ENVFORGE_CHECK(SystemCalls);

}  // namespace
}  // namespace envforge::validator
