// One image out of files, judged by the whole program on a real engine: the ground of the tests of this folder.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/protocol/report.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/exit_code.hpp>

#include "contract/docker_setup.hpp"
#include "support/require.hpp"
#include "support/third_party_image.hpp"

namespace envforge::testing {

using contract::DockerSetup;
using protocol::CheckResult;

class VerifiedImage : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ENVFORGE_HAS_GROUPS) return cannot_run("groups", "this build has no portable groups (zig)");
    if (const std::string reason = setup_.unavailable(); !reason.empty()) return cannot_run("engine", reason);
  }
  void TearDown() override {
    for (const auto& tag : tags_) setup_.engine().remove_image(tag);
  }

  /// FROM scratch with the files of `image_` and these further lines.
  std::string build(const std::string& lines, const std::string& from = "scratch") {
    const support::TempDir context;
    std::filesystem::rename(image_.root(), context.path() / "tree");
    support::write_file_atomically(context.path() / "Dockerfile", "FROM " + from + "\nCOPY tree /\n" + lines + "\n");
    engine::BuildRequest request;
    request.context_dir = context.path();
    request.tags = {contract::own_name("a")};
    request.platform = platform_;
    request.network = "none";
    EXPECT_TRUE(setup_.engine().build(request, {}).ok);
    tags_.push_back(request.tags[0]);
    return request.tags[0];
  }

  struct Verified {
    process::Outcome outcome;
    protocol::Report report;
    const CheckResult* find(const std::string& id) const {
      for (const auto& group : report.groups) {
        for (const auto& check : group.checks) {
          if (check.id == id) return &check;
        }
      }
      return nullptr;
    }
    CheckResult check(const std::string& id) const {
      const auto* found = find(id);
      if (found != nullptr) return *found;
      ADD_FAILURE() << "no result for " << id << "\n" << outcome.out.substr(0, 2000) << outcome.err;
      return {};
    }
  };

  Verified verify(const std::string& image, const std::vector<std::string>& more = {}) {
    process::Command command;
    command.argv = {ENVFORGE_PROGRAM, "verify", image, "--gpus", "none", "--json"};
    command.argv.insert(command.argv.end(), more.begin(), more.end());
    command.extra_environment = {{"HOME", home_.path().string()}, {"XDG_CACHE_HOME", ""}, {"TERM", "dumb"}};
    command.deadline = deadline_;
    process::PosixProcessRunner runner;
    Verified out;
    out.outcome = runner.run(command);
    if (out.outcome.out.find("envforge/report") != std::string::npos)
      out.report = protocol::read_unverified(out.outcome.out, "stdout");
    return out;
  }

  static void expect(const CheckResult& check, protocol::Verdict verdict, protocol::Layer layer,
                     const std::string& reason, const std::string& mend) {
    EXPECT_EQ(to_string(check.verdict), to_string(verdict)) << check.id;
    EXPECT_EQ(to_string(check.layer), to_string(layer)) << check.id;
    EXPECT_THAT(check.reason, ::testing::HasSubstr(reason)) << check.id;
    EXPECT_THAT(check.mend, ::testing::HasSubstr(mend)) << check.id;
  }

  DockerSetup setup_;
  tests::FakeImage image_;
  support::TempDir home_;
  std::vector<std::string> tags_;
  std::string platform_;
  std::chrono::minutes deadline_{3};  // of one `verify`
};

}  // namespace envforge::testing
