// Builds of packages that need other built packages: their order, what each is given, and what it may not be.
#include <gmock/gmock.h>

#include "support/lock_answers.hpp"
#include "wheel_build_test.hpp"

namespace envforge::app {
namespace {

using support::ErrorCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::Not;

class BuildNeeds : public WheelBuildTest {};

TEST_F(BuildNeeds, OneWhoseBuildNeedsAnotherComesAfterItAndGetsItsWheel) {
  const std::string recipe =
      "tags: [v1]\npackages:\n  build:\n    - {source: \"user @ ./user\", pools: [], needs: [\"ops>=1\", numpy]}\n"
      "    - {source: \"ops @ ./ops\", pools: []}\n";
  support::write_file_atomically(at_.path("user/setup.py"), "import ops");
  const auto others = at_.engine.on_build;
  std::vector<std::string> order;
  at_.engine.on_build = [&](const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) {
    if (request.target != render::kBuiltTarget) return others(request, on_event);
    const fs::path context = request.context_dir;
    order.push_back(context.filename().string());
    const std::string text = support::read_file((context / "Dockerfile").string());
    const bool user = order.back() == "user";
    EXPECT_EQ(fs::exists(context / kWheel), user) << text;
    EXPECT_EQ(text.find("--no-index") != std::string::npos, user) << text;
    built_["name"] = order.back();
    built_["filename"] = order.back() + "-1.0-cp311-cp311-linux_x86_64.whl";
    return compile(request);
  };
  build(recipe);
  EXPECT_THAT(order, ElementsAre("ops", "user"));
  const auto platform = written();
  EXPECT_THAT(platform.build_wheels, Contains(::testing::Field(&documents::LockedWheel::name, "setuptools")));
  EXPECT_THAT(platform.build_wheels, Not(Contains(::testing::Field(&documents::LockedWheel::name, "ops"))))
      << "the index has a stranger's of that name";
  // Another ops is another build of user.
  support::write_file_atomically(at_.path("ops/setup.py"), "setup('2')");
  wheel_bytes_ = "other";
  build(recipe);
  EXPECT_THAT(order, ElementsAre("ops", "user", "ops", "user"));
}

TEST_F(BuildNeeds, WhatABuildNeedsIsHeldAgainstTheVersionThatCameOut) {
  support::write_file_atomically(at_.path("user/setup.py"), "import ops");
  int count = 0;
  const auto others = at_.engine.on_build;
  at_.engine.on_build = [&](const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) {
    if (request.target != render::kBuiltTarget) return others(request, on_event);
    built_["name"] = ++count == 1 ? "ops" : "user";
    return compile(request);
  };
  const auto error = error_of([&] {
    build(
        "tags: [v1]\npackages:\n  build:\n    - {source: \"user @ ./user\", pools: [], needs: [\"ops>=2\"]}\n"
        "    - {source: \"ops @ ./ops\", pools: []}\n");
  });
  EXPECT_EQ(error.code(), ErrorCode::kWheelBuild);
  EXPECT_EQ(error.message(), "the build of user requires ops>=2, and ops was built as version 1.0");
}

TEST_F(BuildNeeds, BuildsThatNeedEachOtherAreRefusedAtTheirEntry) {
  const auto error = error_of([&] {
    lock(
        "packages:\n  build:\n    - {source: \"a @ ./a\", needs: [b]}\n    - {source: \"b @ ./b\", needs: [\"c>1\"]}\n"
        "    - {source: \"c @ ./c\", needs: [a]}\n");
  });
  EXPECT_EQ(error.code(), ErrorCode::kWrongValue);
  EXPECT_EQ(error.message(),
            "the build of a needs b, whose build needs c, whose build needs a: none of them can be built first");
  ASSERT_TRUE(error.where());
  EXPECT_EQ(error.where()->line, 9);
}

}  // namespace
}  // namespace envforge::app
