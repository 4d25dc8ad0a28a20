#include <envforge/packages/package_needs.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "uv_answer.hpp"

namespace envforge::packages {
namespace {

std::vector<std::string> needs(const std::string& cause, const std::string& project = "torch") {
  PythonRequest request;
  request.pins = {"torch==2.6.0"};
  const auto conflict =
      read_conflict("error: No solution found when resolving dependencies\n  cause: " + cause + "\n", request);
  std::vector<std::string> out;
  for (const auto& need : needs_of(conflict.value(), project))
    out.push_back(need.package + need.versions + " -> " + need.needs);
  return out;
}

// uv 0.13.8, 2026-11-21.
TEST(PackageNeeds, AreReadOutOfUvsSentences) {
  EXPECT_THAT(
      needs("Because xformers==0.0.28.post3 depends on torch==2.5.1 and the-recipe depends on torch==2.6.0, we can "
            "conclude that your requirements and xformers==0.0.28.post3 are incompatible.\n"
            "         And because the-recipe depends on xformers==0.0.28.post3, we can conclude that your requirements "
            "are unsatisfiable."),
      ::testing::ElementsAre("xformers==0.0.28.post3 -> torch==2.5.1"));
  EXPECT_THAT(needs("Because torch==2.6.0 depends on nvidia-nccl-cu12{platform_machine == 'x86_64' and sys_platform == "
                    "'linux'}==2.21.5 and the-recipe depends on torch==2.6.0, we can conclude that the-recipe depends "
                    "on nvidia-nccl-cu12==2.21.5.",
                    "nvidia-nccl-cu12"),
              ::testing::ElementsAre("torch==2.6.0 -> nvidia-nccl-cu12==2.21.5"));
}

TEST(PackageNeeds, ARangeStaysWholeAndTheSentencesFullStopIsNotPartOfIt) {
  EXPECT_THAT(needs("Because all versions of vllm depend on torch>=2.4,<2.5, x."),
              ::testing::ElementsAre("vllm -> torch>=2.4,<2.5"));
  EXPECT_THAT(needs("And because Big_Package>=2 depends on torch==2.4.0."),
              ::testing::ElementsAre("big-package>=2 -> torch==2.4.0"));
  EXPECT_THAT(needs("Because a depends on torchvision==0.1."), ::testing::IsEmpty());
}

}  // namespace
}  // namespace envforge::packages
