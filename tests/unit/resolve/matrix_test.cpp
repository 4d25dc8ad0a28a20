#include <envforge/resolve/matrix.hpp>

#include <filesystem>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "support/golden.hpp"

namespace envforge::resolve {
namespace {

using compat::embedded;
using support::ErrorCode;

void expect_matrix(const std::string& name, const MatrixFilter& filter) {
  const auto golden = std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden/resolve/matrix" / (name + ".txt");
  testing::expect_golden(golden, matrix_text(matrix(embedded(), filter), embedded()));
}

MatrixFilter filter(void (*fill)(MatrixFilter&)) {
  MatrixFilter made;
  fill(made);
  return made;
}

TEST(Matrix, ShowsTheBuildsOfOneRelease) {
  expect_matrix("torch-2.6", filter([](MatrixFilter& f) { f.torch = "2.6"; }));
}

TEST(Matrix, ShowsWhereAGpuAndADriverGo) {
  expect_matrix("rtx5090-driver570", filter([](MatrixFilter& f) {
                  f.gpu = "RTX 5090";
                  f.driver = "570";
                  f.platform = "linux/amd64";
                }));
}

TEST(Matrix, ShowsWhatOldGpusStillHave) {
  expect_matrix("volta-from-2.9", filter([](MatrixFilter& f) {
                  f.gpu = "V100";
                  f.torch = ">=2.9";
                  f.platform = "linux/amd64";
                }));
}

TEST(Matrix, HasOneRowForEachBuildAndPlatform) {
  std::size_t expected = 0;
  const auto knowledge = embedded();
  for (const auto& release : knowledge.tables().releases) {
    for (const auto& build : release.builds) expected += build.platforms.size();
  }
  EXPECT_EQ(matrix(embedded(), {}).size(), expected);
}

TEST(Matrix, EveryFilterNarrows) {
  const auto count = [](void (*fill)(MatrixFilter&)) { return matrix(embedded(), filter(fill)).size(); };
  const std::size_t all = matrix(embedded(), {}).size();
  EXPECT_EQ(count([](MatrixFilter& f) { f.cuda = "12.4"; }), count([](MatrixFilter& f) { f.cuda = "cu124"; }));
  EXPECT_LT(count([](MatrixFilter& f) { f.cuda = "12.4"; }), all);
  EXPECT_LT(count([](MatrixFilter& f) { f.python = "3.13"; }), all);
  EXPECT_LT(count([](MatrixFilter& f) { f.platform = "linux/arm64"; }), all);
  EXPECT_LT(count([](MatrixFilter& f) { f.driver = "550.90.07"; }), all);
  EXPECT_EQ(count([](MatrixFilter& f) { f.torch = "99"; }), 0U);
  EXPECT_EQ(count([](MatrixFilter& f) {
              f.gpu = "V100";
              f.driver = "590.44.01";
            }),
            0U);
}

TEST(Matrix, RefusesAFilterThatItDoesNotUnderstand) {
  const auto code = [](void (*fill)(MatrixFilter&)) {
    try {
      matrix(embedded(), filter(fill));
    } catch (const support::Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code([](MatrixFilter& f) { f.torch = "new"; }), ErrorCode::kUsage);
  EXPECT_EQ(code([](MatrixFilter& f) { f.driver = "new"; }), ErrorCode::kUsage);
  EXPECT_EQ(code([](MatrixFilter& f) { f.platform = "windows"; }), ErrorCode::kUsage);
  EXPECT_EQ(code([](MatrixFilter& f) { f.gpu = "MI300"; }), ErrorCode::kGpuUnknown);
}

}  // namespace
}  // namespace envforge::resolve
