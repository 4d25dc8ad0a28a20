// The programs for linux/arm64, run on this machine by qemu: the driver as it travels, with the fake group of this
// machine's own platform (a group is any program that speaks the protocol), and the portable groups' own lists.
#include <filesystem>
#include <map>
#include <set>
#include <variant>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/protocol/check_catalog.hpp>
#include <envforge/protocol/request.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "elf/elf_file.hpp"
#include "support/require.hpp"

namespace envforge::validator::driver {
namespace {

namespace fs = std::filesystem;
using protocol::Verdict;

const std::string kPrograms = ENVFORGE_ARM64_PROGRAMS;
const std::string kDriver = kPrograms + "/envforge-driver";
constexpr const char* kQemu = "/usr/bin/qemu-aarch64-static";  // qemu-user-static
constexpr const char* kSystem = "/usr/aarch64-linux-gnu";      // libc6-arm64-cross

class Arm64 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kQemu)) envforge::testing::cannot_run("qemu", "qemu-user-static is not installed");
  }
  process::Outcome run(std::vector<std::string> argv, const std::string& input = {}) {
    argv.insert(argv.begin(), {kQemu, "-L", kSystem});
    process::PosixProcessRunner runner;
    process::Command command;
    command.argv = std::move(argv);
    command.environment = std::map<std::string, std::string>{{"PATH", "/usr/bin:/bin"}};
    command.standard_input = input;
    command.deadline = std::chrono::seconds(120);
    return runner.run(command);
  }
};

TEST_F(Arm64, TheDriverJudgesAGroupAsItDoesElsewhere) {
  protocol::DriverRequest request;
  request.key = "a key that no group ever sees, 0123456789";
  request.group.checks = {"fake.passes", "fake.fails", "fake.crashes", "fake.computes-right"};
  request.groups_dir = ENVFORGE_FAKE_GROUPS;
  request.group_deadline_seconds = 60;
  const auto outcome = run({kDriver}, protocol::to_json(request).dump());
  const auto sealed = protocol::find_sealed(outcome.out);
  ASSERT_EQ(sealed.size(), 1U) << process::describe(outcome) << outcome.err;
  const auto report = protocol::open_sealed(sealed[0], request.key, "stdout");
  std::map<std::string, Verdict> verdicts;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) verdicts[check.id] = check.verdict;
  }
  const std::map<std::string, Verdict> expected = {{"fake.passes", Verdict::kPass},
                                                   {"fake.fails", Verdict::kFail},
                                                   {"fake.crashes", Verdict::kCrashed},
                                                   {"fake.computes-right", Verdict::kPass}};
  EXPECT_EQ(verdicts, expected);
  // Its own digest, computed over there (by the SHA2 instructions, which qemu has) and here.
  EXPECT_EQ(report.validator.binaries.at("envforge-driver"), support::sha256_file_hex(kDriver));
}

TEST_F(Arm64, TheDriverPrintsARequestThatItReads) {
  const auto printed = run({kDriver, "--request", "container.shm"});
  ASSERT_TRUE(printed.ok()) << process::describe(printed) << printed.err;
  const auto request = protocol::driver_request_from_text(printed.out);
  EXPECT_EQ(request.group.checks, std::vector<std::string>{"container.shm"});
}

TEST_F(Arm64, TheGroupsListTheChecksThatTheirPathsName) {
  if (!fs::exists(kSystem)) {
    envforge::testing::cannot_run("qemu", "libc6-arm64-cross is not installed");
    return;
  }
  std::set<std::string> listed;
  for (const auto& entry : fs::directory_iterator(kPrograms)) {
    if (entry.path().filename() == "envforge-driver") continue;
    const auto outcome = run({entry.path().string(), "--list"});
    ASSERT_TRUE(outcome.ok()) << entry.path() << " " << process::describe(outcome) << outcome.err;
    for (const auto& line : support::split(support::trim(outcome.out), '\n')) listed.insert(line);
  }
  std::set<std::string> known;
  for (const auto& check : protocol::check_catalog()) {
    if (!support::starts_with(check.id, "torch.")) known.insert(check.id);  // compiled inside the image
  }
  EXPECT_EQ(listed, known);
}

TEST(Programs, OfArm64AreForThatPlatformAndTheDriverNeedsNothing) {
  for (const auto& entry : fs::directory_iterator(kPrograms)) {
    const std::string bytes = support::read_file(entry.path());
    const auto read = elf::read_elf(elf::Bytes(bytes));
    ASSERT_TRUE(std::holds_alternative<elf::ElfFile>(read)) << entry.path();
    const auto& file = std::get<elf::ElfFile>(read);
    EXPECT_EQ(file.machine, static_cast<std::uint16_t>(elf::Machine::kAarch64)) << entry.path();
    EXPECT_EQ(file.needed.empty(), entry.path().filename() == "envforge-driver") << entry.path();
  }
}

}  // namespace
}  // namespace envforge::validator::driver
