#include <envforge/support/suggest.hpp>

#include <gtest/gtest.h>

namespace envforge::support {
namespace {

TEST(EditDistance, CountsATranspositionAsOne) {
  EXPECT_EQ(edit_distance("torch", "trohc"), 2);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("same", "same"), 0);
}

TEST(Suggestions, OffersTheNearestNamesIgnoringCase) {
  EXPECT_EQ(did_you_mean("gpu", {"gpus", "driver", "cpus"}), "did you mean 'gpus'?");
  EXPECT_EQ(did_you_mean("a100", {"A100", "A10", "H100"}), "did you mean 'A100' or 'A10' or 'H100'?");
  EXPECT_EQ(did_you_mean("zebra", {"gpus", "driver"}), "");
}

}  // namespace
}  // namespace envforge::support
