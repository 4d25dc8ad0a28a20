#include <envforge/protocol/check_ids.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <gtest/gtest.h>

#include <envforge/protocol/check_catalog.hpp>

namespace envforge::protocol {
namespace {

TEST(CheckIds, AnIdIsThePathOfItsFile) {
  EXPECT_EQ(check_id_of_path("/x/src/validator/checks/cublas/gemm_exact.cpp"), "cublas.gemm-exact");
  EXPECT_EQ(check_id_of_path("cublas/gemm_exact.cpp"), "cublas.gemm-exact");
  EXPECT_EQ(group_of("cublas.gemm-exact"), "cublas");
}

TEST(CheckIds, TheTableHoldsEveryFileOfTheTree) {
  std::vector<std::string> on_disk;
  std::error_code none;
  const std::filesystem::path checks = ENVFORGE_SOURCE_DIR "/src/validator/checks";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(checks, none)) {
    if (entry.path().extension() == ".cpp") on_disk.push_back(check_id_of_path(entry.path().string()));
  }
  std::sort(on_disk.begin(), on_disk.end());
  EXPECT_EQ(known_checks(), on_disk);
}

TEST(CheckIds, EachCheckSaysWhatItProves) {
  for (const CheckInfo& check : check_catalog()) {
    EXPECT_GT(check.proves.size(), 20U) << check.id;
    EXPECT_GT(check.control.size(), 10U) << check.id;
    EXPECT_EQ(check.proves.find("//"), std::string::npos) << check.id;
    EXPECT_EQ(check.proves.find('\n'), std::string::npos) << check.id;
  }
}

TEST(CheckIds, ASmallerSuiteIsPartOfALargerOne) {
  const CheckInfo standard{"a.b", "", "", Suite::kStandard};
  EXPECT_FALSE(is_in_suite(standard, Suite::kQuick));
  EXPECT_TRUE(is_in_suite(standard, Suite::kStandard));
  EXPECT_TRUE(is_in_suite(standard, Suite::kSoak));
}

}  // namespace
}  // namespace envforge::protocol
