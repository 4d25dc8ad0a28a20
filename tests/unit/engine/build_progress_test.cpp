#include "build_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/text.hpp>

#include "recorded.hpp"

namespace envforge::engine {
namespace {

using Kind = BuildEvent::Kind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  std::vector<BuildEvent> events;
  BuildResult result;

  std::vector<std::string> of(Kind kind) const {
    std::vector<std::string> texts;
    for (const BuildEvent& event : events) {
      if (event.kind == kind) texts.push_back(event.text);
    }
    return texts;
  }
};

Read read(const std::string& text) {
  Read read;
  const OnBuildEvent on_event = [&](const BuildEvent& event) { read.events.push_back(event); };
  BuildProgress progress(on_event);
  for (const std::string& line : support::split(text, '\n')) progress.line(line);
  progress.write_to(read.result);
  return read;
}

class RecordedBuild : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Engines, RecordedBuild, ::testing::Values("20.10", "26.1"),
                         [](const auto& version) { return "Engine" + version.param.substr(0, 2); });

TEST_P(RecordedBuild, StartsAndEndsEachStepOnce) {
  const Read build = read(recorded(GetParam(), "build.txt"));
  for (const std::string name : {"[internal] load build definition from Dockerfile", "[internal] load .dockerignore",
                                 "[internal] load build context", "[plain 1/2] COPY small /small",
                                 "[plain 2/2] COPY small /small", "exporting to image"}) {
    EXPECT_THAT(build.of(Kind::kStepStarted), Contains(name).Times(1));
    EXPECT_THAT(build.of(Kind::kStepDone), Contains(name).Times(1));
  }
  EXPECT_THAT(build.of(Kind::kOutput), IsEmpty());
  EXPECT_THAT(build.of(Kind::kStepFailed), IsEmpty());
  EXPECT_EQ(build.result.failed_step, "");
}

TEST_P(RecordedBuild, TellsCachedSteps) {
  EXPECT_THAT(read(recorded(GetParam(), "build-cached.txt")).of(Kind::kStepCached),
              ElementsAre("[plain 1/2] COPY small /small", "[plain 2/2] COPY small /small"));
}

TEST_P(RecordedBuild, NamesTheFailingStepItsLinesAndTheEnginesOwnError) {
  const Read build = read(recorded(GetParam(), "build-failing.txt"));
  EXPECT_EQ(build.result.failed_step, "[bad 3/3] RUN [\"/p\", \"3\", \"x\"]");
  EXPECT_THAT(build.result.last_lines, ElementsAre("line 1", "line 2", "line 3"));
  EXPECT_THAT(build.result.message, HasSubstr("exit code: 3"));
  EXPECT_THAT(build.of(Kind::kStepFailed), ElementsAre(build.result.failed_step));
  EXPECT_THAT(build.of(Kind::kStepDone), Contains("[bad 2/3] RUN [\"/p\"]"));
}

TEST(BuildProgress, ReadsTheSecondsOfAStep) {
  const Read build = read("#4 [1/1] RUN x\n#4 DONE 12.3s\n");
  ASSERT_EQ(build.events.size(), 2U);
  EXPECT_EQ(build.events[1].kind, Kind::kStepDone);
  EXPECT_EQ(build.events[1].step, 4);
  EXPECT_DOUBLE_EQ(build.events[1].seconds, 12.3);
}

TEST(BuildProgress, FollowsTwoStepsThatTakeTurns) {
  const Read build = read(
      "#4 [a 1/1] RUN a\n#4 0.1 from a\n#4 ...\n\n#5 [b 1/1] RUN b\n#5 0.2 from b\n#5 DONE 0.2s\n\n#4 [a 1/1] RUN a\n"
      "#4 0.3 again a\n#4 DONE 0.3s\n");
  EXPECT_THAT(build.of(Kind::kStepStarted), ElementsAre("[a 1/1] RUN a", "[b 1/1] RUN b"));
  EXPECT_THAT(build.of(Kind::kOutput), ElementsAre("from a", "from b", "again a"));
}

TEST(BuildProgress, KeepsThirtyLinesOfTheStepThatFailedNotOfOthers) {
  std::string text = "#4 [a] RUN a\n#5 [b] RUN b\n#5 0.1 other\n";
  for (int i = 1; i <= 45; ++i) text += "#4 " + std::to_string(i) + ".5 line " + std::to_string(i) + "\n";
  const Read build = read(text + "#4 ERROR: exit code: 1\n#5 CANCELED\n");
  ASSERT_EQ(build.result.last_lines.size(), 30U);
  EXPECT_EQ(build.result.last_lines.front(), "line 16");
  EXPECT_EQ(build.result.last_lines.back(), "line 45");
}

TEST(BuildProgress, TheFirstOfSeveralFailuresIsTheCause) {
  const Read build = read("#4 [a] RUN a\n#5 [b] RUN b\n#5 ERROR: boom\n#4 ERROR: context canceled\n");
  EXPECT_EQ(build.result.failed_step, "[b] RUN b");
  EXPECT_EQ(build.result.message, "boom");
}

TEST(BuildProgress, OutputThatLooksLikeProgressStaysOutput) {
  const Read build = read("#4 [a] RUN a\n#4 0.1 #5 DONE 0.0s\n#4 0.2 ERROR: not ours\n#4 0.3 CACHED\n#4 0.4\n");
  EXPECT_THAT(build.of(Kind::kOutput), ElementsAre("#5 DONE 0.0s", "ERROR: not ours", "CACHED", ""));
  EXPECT_THAT(build.of(Kind::kStepFailed), IsEmpty());
  EXPECT_EQ(build.result.failed_step, "");
}

TEST(BuildProgress, OutputWithoutANewlineDoesNotHideTheStepsEnd) {
  const Read build =
      read("#4 [a] RUN a\n#4 0.1 no newline#4 DONE 0.1s\n#5 [b] RUN b\n#5 0.1 oh#5 ERROR: exit code: 1\n");
  EXPECT_THAT(build.of(Kind::kOutput), ElementsAre("no newline", "oh"));
  EXPECT_THAT(build.of(Kind::kStepDone), ElementsAre("[a] RUN a"));
  EXPECT_EQ(build.result.failed_step, "[b] RUN b");
  EXPECT_THAT(build.result.last_lines, ElementsAre("oh"));
}

// As an engine 20.10 told it after its disk had been full: the step has no output of its own.
TEST(BuildProgress, AStepThatFailsOverTheBuildCacheHasTheEnginesWords) {
  const Read build = read(
      "#7 [env 2/3] COPY a /a\n#7 sha256:5d03d8e92c22f6d0c68dc375c26ee5a4013797f008ad7762b7dc22e361e394fe\n"
      "#7 ERROR: failed to get layer sha256:0a: layer does not exist\n------\n > [env 2/3] COPY a /a:\n------\n"
      "failed to solve with frontend dockerfile.v0: failed to build LLB: failed to get layer sha256:0a: layer does not "
      "exist\nView build details: some://where\n");
  EXPECT_EQ(build.result.failed_step, "[env 2/3] COPY a /a");
  EXPECT_THAT(build.result.last_lines, IsEmpty());
  EXPECT_THAT(build.result.message, HasSubstr("failed to get layer sha256:0a: layer does not exist"));
  EXPECT_TRUE(build.result.cache_damaged);
}

TEST(BuildProgress, KnowsADamagedCacheFromAFileThatTheContextLacks) {
  const auto damaged = [](const std::string& said) {
    return read("#7 [a] COPY a /a\n#7 ERROR: " + said + "\nfailed to solve: " + said + "\n").result.cache_damaged;
  };
  EXPECT_TRUE(damaged("error committing 5yh: invalid mutable ref 0xc0: invalid"));
  EXPECT_TRUE(damaged("stat /var/lib/docker/overlay2/5yh: no such file or directory"));
  EXPECT_TRUE(damaged("open /var/lib/docker/image/overlay2/layerdb/sha256/0a/cache-id: no such file or directory"));
  EXPECT_FALSE(
      damaged("failed to walk /var/lib/docker/tmp/buildkit-mount1/src: lstat "
              "/var/lib/docker/tmp/buildkit-mount1/src: no such file or directory"));
  EXPECT_FALSE(damaged("failed to compute cache key: \"/absent\" not found: not found"));
  EXPECT_FALSE(damaged("executor failed running [/bin/sh -c x]: exit code: 1"));
}

TEST(BuildProgress, WhatBelongsToNoStepIsANoteAndTheLastOneTheMessage) {
  const Read build = read("failed to read dockerfile: open Dockerfile: no such file or directory\n\n");
  EXPECT_THAT(build.of(Kind::kNote), ElementsAre(HasSubstr("failed to read dockerfile")));
  EXPECT_THAT(build.result.message, HasSubstr("failed to read dockerfile"));
}

}  // namespace
}  // namespace envforge::engine
