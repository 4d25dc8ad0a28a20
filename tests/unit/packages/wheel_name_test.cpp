#include "wheel_name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envforge::packages {
namespace {

using ::testing::ElementsAre;

std::optional<std::size_t> best(const std::vector<std::string>& filenames, const TagTarget& target) {
  std::vector<WheelName> names;
  for (const std::string& filename : filenames) names.push_back(*parse_wheel_name(filename));
  return best_wheel(names, compatible_tags(target));
}

const TagTarget kDebian12{11, "x86_64", 36};

TEST(WheelName, ReadsNameVersionAndTheCompressedTagSets) {
  const auto wheel = parse_wheel_name("markupsafe-3.0.4-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl");
  ASSERT_TRUE(wheel);
  EXPECT_EQ(wheel->name, "markupsafe");
  EXPECT_EQ(wheel->version, "3.0.4");
  EXPECT_THAT(wheel->platforms, ElementsAre("manylinux2014_x86_64", "manylinux_2_17_x86_64"));
}

TEST(WheelName, ReadsABuildTag) {
  const auto wheel = parse_wheel_name("torch-2.6.0+cu118-12-cp311-cp311-linux_x86_64.whl");
  ASSERT_TRUE(wheel);
  EXPECT_EQ(wheel->build, 12U);
  EXPECT_EQ(wheel->version, "2.6.0+cu118");
}

TEST(WheelName, RefusesWhatIsNoWheel) {
  for (const char* name :
       {"", ".whl", "torch-2.6.0.tar.gz", "torch-2.6.0-cp311-cp311.whl", "torch-2.6.0-x-cp311-cp311-linux_x86_64.whl",
        "torch--cp311-cp311-linux_x86_64.whl", "a-b-1-c-d-e-f.whl"}) {
    EXPECT_FALSE(parse_wheel_name(name)) << name;
  }
}

TEST(WheelName, PrefersTheMoreSpecificTag) {
  EXPECT_EQ(best({"a-1-py3-none-any.whl", "a-1-cp311-cp311-manylinux_2_28_x86_64.whl",
                  "a-1-cp310-abi3-manylinux_2_36_x86_64.whl"},
                 kDebian12),
            1U);
  EXPECT_EQ(best({"a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1-cp311-cp311-manylinux_2_28_x86_64.whl"}, kDebian12),
            1U);
}

TEST(WheelName, PrefersTheHigherBuildOfOneTag) {
  EXPECT_EQ(best({"a-1-py3-none-any.whl", "a-1-2-py3-none-any.whl", "a-1-1-py3-none-any.whl"}, kDebian12), 1U);
}

TEST(WheelName, TakesNothingThatTheTargetCannotLoad) {
  EXPECT_FALSE(best({"a-1-cp311-cp311-manylinux_2_37_x86_64.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
                     "a-1-cp311-cp311-manylinux_2_17_aarch64.whl", "a-1-cp311-cp311-musllinux_1_2_x86_64.whl",
                     "a-1-cp311-cp311-win_amd64.whl", "a-1-cp312-abi3-manylinux_2_17_x86_64.whl"},
                    kDebian12));
}

TEST(WheelName, KnowsTheOldNamesOfGlibcVersions) {
  EXPECT_EQ(best({"a-1-cp311-cp311-manylinux1_x86_64.whl"}, kDebian12), 0U);
  EXPECT_EQ(best({"a-1-cp311-cp311-manylinux2014_aarch64.whl"}, {11, "aarch64", 28}), 0U);
  EXPECT_FALSE(best({"a-1-cp311-cp311-manylinux1_aarch64.whl"}, {11, "aarch64", 28})) << "there was no such platform";
}

TEST(WheelName, ForAPythonWithoutAGilIsOfItsAbiOrWithoutCode) {
  const TagTarget free{13, "x86_64", 36, true};
  EXPECT_EQ(best({"a-1-cp313-cp313-manylinux_2_17_x86_64.whl", "a-1-cp311-abi3-manylinux_2_17_x86_64.whl",
                  "a-1-py3-none-any.whl", "a-1-cp313-cp313t-manylinux_2_28_x86_64.whl"},
                 free),
            3U);
  EXPECT_EQ(best({"a-1-cp311-abi3-manylinux_2_17_x86_64.whl", "a-1-py3-none-any.whl"}, free), 1U);
  EXPECT_FALSE(best({"a-1-cp313-cp313-manylinux_2_17_x86_64.whl", "a-1-cp311-abi3-manylinux_2_17_x86_64.whl",
                     "a-1-cp313-abi3-manylinux_2_17_x86_64.whl"},
                    free));
  EXPECT_FALSE(best({"a-1-cp313-cp313t-manylinux_2_17_x86_64.whl"}, {13, "x86_64", 36}));
}

}  // namespace
}  // namespace envforge::packages
