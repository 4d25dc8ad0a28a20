// NVIDIA's forward compatibility: whom it helps, and that it is told.
#include <gmock/gmock.h>

#include "small_answers.hpp"

namespace envforge::resolve {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::refuse;
using testing::solve;
using testing::SpecBuilder;

std::vector<std::string> keys_of(const Conflict& conflict) {
  std::vector<std::string> keys;
  for (const Remedy& remedy : conflict.remedies) {
    for (const Change& change : remedy.changes) keys.push_back(change.key);
  }
  return keys;
}

SpecBuilder cuda13_on(const std::vector<std::string>& gpus, const std::string& driver) {
  return SpecBuilder().torch("2.10").cuda("13.0").pool(gpus, driver);
}

TEST(ForwardCompatibility, IsOfferedLastAndOnlyToModelsThatItCovers) {
  const Conflict conflict = refuse(cuda13_on({"A100"}, "550.90.07"));
  ASSERT_FALSE(conflict.remedies.empty());
  const Remedy& last = conflict.remedies.back();
  EXPECT_EQ(last.changes.front().key, "target.pool0.forward_compat");
  EXPECT_EQ(last.solution.compat_package, "cuda-compat-13-0");
  EXPECT_THAT(keys_of(refuse(cuda13_on({"RTX 4090"}, "550.90.07"))), Not(Contains("target.pool0.forward_compat")));
}

TEST(ForwardCompatibility, RunsANewerCudaOnAListedBranchAndNamesRulePackageAndSource) {
  const Solution solution = solve(cuda13_on({"A100", "H100"}, "550.90.07").forward());
  EXPECT_EQ(solution.platforms[0].cuda_variant, "cu130");
  EXPECT_EQ(solution.compat_package, "cuda-compat-13-0");
  EXPECT_EQ(solution.platforms[0].require_cuda, "cuda>=13.0 driver>=550,driver<551");
  const std::string text = explain(solution);
  EXPECT_THAT(text, HasSubstr("cuda-compat-13-0"));
  EXPECT_THAT(text, HasSubstr("forward compatibility of CUDA 13.0"));
  ASSERT_EQ(solution.warnings.size(), 1U);
  EXPECT_THAT(solution.warnings[0].text, HasSubstr("envforge does not install it"));
  EXPECT_FALSE(solution.doubtful);
}

TEST(ForwardCompatibility, IsNotNamedWhereTheDriverIsNewEnough) {
  const Solution solution = solve(cuda13_on({"A100"}, "580.65.06").forward());
  EXPECT_EQ(solution.compat_package, "");
  EXPECT_EQ(solution.platforms[0].require_cuda, "cuda>=13.0");
  EXPECT_THAT(explain(solution), Not(HasSubstr("cuda-compat")));
}

TEST(ForwardCompatibility, NeverHelpsAGeForceNorABranchThatIsNotListed) {
  EXPECT_THAT(explain(refuse(cuda13_on({"RTX 4090"}, "550.90.07").forward())), HasSubstr("cover GeForce RTX 4090"));
  EXPECT_THAT(explain(refuse(cuda13_on({"A100", "RTX 4090"}, "550.90.07").forward())),
              HasSubstr("cover GeForce RTX 4090"));
  EXPECT_THAT(explain(refuse(cuda13_on({"A100"}, "560.28.03").forward())),
              HasSubstr("R550, R565, R570, R575, not for R560"));
}

TEST(ForwardCompatibility, StaysUnknownForModelsToolkitsAndNamesThatTheDataDoesNotCover) {
  const auto asked = [](const std::string& gpu, const std::string& torch, const std::string& cuda) {
    const Outcome outcome =
        resolve(SpecBuilder().torch(torch).cuda(cuda).pool({gpu}, "550.90.07").forward().spec(), compat::embedded());
    const auto* solution = std::get_if<Solution>(&outcome);
    return solution != nullptr && solution->doubtful ? explain(*solution) : "not doubtful: " + explain(outcome);
  };
  EXPECT_THAT(asked("RTX A6000", "2.10", "13.0"), HasSubstr("whether that covers RTX A6000"));
  EXPECT_THAT(asked("sm_80", "2.10", "13.0"), HasSubstr("is not known to the data of"));
  EXPECT_THAT(asked("A100", "2.15", "13.2"), HasSubstr("cuda-compat-13-2"));
  // Without a name for it the resolver takes no such build.
  const Outcome alone =
      resolve(SpecBuilder().torch("2.15").pool({"sm_80"}, "550.90.07").forward().spec(), compat::embedded());
  ASSERT_TRUE(std::holds_alternative<Conflict>(alone) || !std::get<Solution>(alone).doubtful);
}

}  // namespace
}  // namespace envforge::resolve
