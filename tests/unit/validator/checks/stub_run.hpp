// The real portable groups under the real driver, on the stub libraries: what the tests of the groups share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/protocol/request.hpp>
#include <envforge/protocol/sealed_report.hpp>

namespace envforge::validator {

using protocol::CheckResult;
using protocol::Report;
using protocol::Verdict;

inline const std::string kKey(64, 'k');

/// A program behind lines of sh, in a mount namespace and as the root of a user namespace of its own.
inline std::vector<std::string> in_own_mounts(const std::string& lines, const std::string& program) {
  return {"/usr/bin/unshare",
          "-rm",
          "/bin/sh",
          "-ec",
          "was=$PATH; PATH=/usr/sbin:/usr/bin:/sbin:/bin\n" + lines + "\nPATH=$was; exec \"$0\"",
          program};
}
inline bool mounts_are_possible() {
  process::PosixProcessRunner runner;
  process::Command command;
  command.argv = in_own_mounts("mount -t tmpfs none /tmp", "/bin/true");
  return runner.run(command).ok();
}

/// `mounts`: lines of sh that mount things, for this run alone (needs mounts_are_possible()).
inline Report run(const protocol::GroupRequest& group, const std::string& fault = "", int gpus = 1,
                  const std::map<std::string, std::string>& settings = {}, const std::string& mounts = "") {
  protocol::DriverRequest request;
  request.key = kKey;
  request.group = group;
  request.groups_dir = ENVFORGE_GROUPS;
  request.group_deadline_seconds = fault.rfind("hang", 0) == 0 ? 5 : 300;
  process::PosixProcessRunner runner;
  process::Command command;
  command.argv = {ENVFORGE_DRIVER};
  if (!mounts.empty()) command.argv = in_own_mounts(mounts, ENVFORGE_DRIVER);
  // No Python and no site-packages of this machine: the stubs are the system's libraries.
  command.environment = {{"LD_LIBRARY_PATH", ENVFORGE_STUBS},
                         {"PATH", "/nowhere"},
                         {"ENVFORGE_STUB_FAULT", fault},
                         {"ENVFORGE_STUB_GPUS", std::to_string(gpus)}};
  command.extra_environment = settings;
  command.standard_input = protocol::to_json(request).dump();
  command.deadline = std::chrono::minutes(10);
  const auto outcome = runner.run(command);
  const auto sealed = protocol::find_sealed(outcome.out);
  if (sealed.size() != 1) {
    ADD_FAILURE() << "no report: " << process::describe(outcome) << "\n" << outcome.err;
    return {};
  }
  return protocol::open_sealed(sealed[0], kKey, "stdout");
}

inline Report run(const std::vector<std::string>& checks, const std::string& fault = "", int gpus = 1,
                  const std::map<std::string, std::string>& settings = {}, const std::string& mounts = "") {
  protocol::GroupRequest group;
  group.checks = checks;
  return run(group, fault, gpus, settings, mounts);
}

inline std::vector<CheckResult> results(const Report& report, const std::string& id) {
  std::vector<CheckResult> out;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      if (check.id == id) out.push_back(check);
    }
  }
  return out;
}

inline protocol::Measurement measurement_of(const CheckResult& result, const std::string& name) {
  for (const auto& m : result.measurements) {
    if (m.name == name) return m;
  }
  ADD_FAILURE() << result.id << " measured no " << name;
  return {};
}

// What a failure must name: the layer at fault, and words of the line that mends it.
struct Named {
  protocol::Layer layer;
  std::string mend;
};
inline const Named kTheLibrary{protocol::Layer::kImage, "another release of the library"};
inline const Named kTheDriver{protocol::Layer::kHostDriver, "another driver of the same branch"};
inline const Named kTheHardware{protocol::Layer::kHardware, "dcgmi diag -r 3 on the host"};

// A check must have ended so under the named fault.
inline void expect_found(const CheckResult& found, const std::string& fault, Verdict verdict,
                         const std::string& reason_part, const Named& named) {
  const std::string what = found.id + " under " + fault + ": " + found.reason + found.summary;
  EXPECT_EQ(to_string(found.verdict), to_string(verdict)) << what;
  EXPECT_NE(what.find(reason_part, found.id.size()), std::string::npos) << what;
  if (verdict != Verdict::kFail && verdict != Verdict::kDegraded) return;
  EXPECT_EQ(to_string(found.layer), to_string(named.layer)) << what;
  EXPECT_NE(found.mend.find(named.mend), std::string::npos) << what << "\nmend: " << found.mend;
}
inline void expect(const std::string& id, const std::string& fault, Verdict verdict, const std::string& reason_part,
                   const Named& named = kTheLibrary, int gpus = 1) {
  const auto found = results(run({id}, fault, gpus), id);
  ASSERT_EQ(found.size(), 1U) << id;
  expect_found(found[0], fault, verdict, reason_part, named);
}

// Passed, with its control found and its output shown to the driver.
inline void expect_proven(const Report& report, const std::string& id) {
  const auto found = results(report, id);
  ASSERT_EQ(found.size(), 1U) << id;
  EXPECT_EQ(to_string(found[0].verdict), "pass") << id << ": " << found[0].reason;
  ASSERT_TRUE(found[0].control.has_value()) << id;
  EXPECT_TRUE(found[0].control->detected) << id;
  EXPECT_GT(found[0].recomputed, 0U) << id << " was not looked at by the driver";
}

}  // namespace envforge::validator
