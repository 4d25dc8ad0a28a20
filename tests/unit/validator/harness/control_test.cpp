#include "harness/control.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace envforge::validator::harness {
namespace {

using protocol::CheckResult;
using protocol::Layer;
using protocol::Verdict;

// An "output on the device" and a comparison with zeros.
struct Bench {
  std::vector<double> output = std::vector<double>(8, 0.0);
  bool blind = false;

  Comparison compare() const {
    Comparison c;
    for (const double x : output) {
      ++c.compared;
      if (x == 0 || blind) continue;
      ++c.wrong;
      c.worst = std::max(c.worst, std::fabs(x));
      c.first = "an element is wrong";
    }
    return c;
  }
  CheckResult judged() {
    CheckResult result;
    judge(
        result, [this] { return compare(); },
        {"one element changed by 1", 1, [this] { output[3] += 1; }, [this] { output[3] -= 1; }}, Layer::kImage);
    return result;
  }
};

TEST(Judge, PassesARightOutputAndReportsThePlantedFault) {
  Bench bench;
  const auto result = bench.judged();
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_TRUE(result.control->detected);
  EXPECT_EQ(result.control->found, 1);
  EXPECT_EQ(bench.output, std::vector<double>(8, 0.0)) << "the fault is taken out again";
}

TEST(Judge, FailsAWrongOutputAndNamesTheLayer) {
  Bench bench;
  bench.output[5] = 0.25;
  const auto result = bench.judged();
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_EQ(result.layer, Layer::kImage);
  EXPECT_EQ(result.reason, "1 of 8 wrong; an element is wrong");
}

TEST(Judge, AnOutputThatIsWrongEverywhereFailsThoughTheControlAddsNothing) {
  Bench bench;
  bench.output = std::vector<double>(8, 0.25);
  EXPECT_EQ(bench.judged().verdict, Verdict::kFail);
}

TEST(Judge, AFaultThatThePlantedOneUndoesIsAFailureAllTheSame) {
  Bench bench;
  bench.output[3] = -1;
  const auto result = bench.judged();
  EXPECT_EQ(result.verdict, Verdict::kFail) << result.reason;
  EXPECT_EQ(result.layer, Layer::kImage);
  EXPECT_FALSE(result.control->detected);
}

TEST(Judge, AComparisonThatCannotSeeIsAnErrorHoweverGoodTheOutput) {
  Bench bench;
  bench.blind = true;
  const auto result = bench.judged();
  EXPECT_EQ(result.verdict, Verdict::kError);
  EXPECT_FALSE(result.control->detected);
  EXPECT_EQ(result.reason, "the check's own negative control passed: one element changed by 1 was not found");
}

}  // namespace
}  // namespace envforge::validator::harness
