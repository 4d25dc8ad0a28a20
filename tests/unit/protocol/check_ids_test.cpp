#include <envforge/protocol/check_ids.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace envforge::protocol
