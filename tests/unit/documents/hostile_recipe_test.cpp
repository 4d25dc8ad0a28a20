// Every recipe of tests/golden/documents/hostile is refused, and the whole error (code, message, place, hint) stands
// beside it in a .expected file.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <envforge/documents/recipe_yaml.hpp>

#include "support/golden.hpp"

namespace envforge::documents {
namespace {

namespace fs = std::filesystem;

const fs::path& folder() {
  static const fs::path path = fs::path(ENVFORGE_SOURCE_DIR) / "tests/golden/documents/hostile";
  return path;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Companion load(CompanionKind, const std::string& name) {
  return {name, testing::read_text(folder() / "companions" / name)};
}

class HostileRecipe : public ::testing::TestWithParam<std::string> {};

TEST_P(HostileRecipe, IsRefusedWithCodePlaceAndNextStep) {
  const std::string text = testing::read_text(folder() / (GetParam() + ".yaml"));
  std::string told;
  try {
    read_recipe(text, GetParam() + ".yaml", load);
  } catch (const support::Error& error) {
    told = support::format_error(error);
    EXPECT_EQ(support::exit_code(error.code()), support::ExitCode::kBadDocument);
    ASSERT_TRUE(error.where().has_value());
    EXPECT_FALSE(error.where()->file.empty());
    EXPECT_FALSE(error.hint().empty());
    EXPECT_LT(told.size(), 2000U) << "an error must not repeat a hostile text at length";
  }
  ASSERT_NE(told, "") << "the recipe was accepted";
  testing::expect_golden(folder() / (GetParam() + ".expected"), told);
}

INSTANTIATE_TEST_SUITE_P(All, HostileRecipe, ::testing::ValuesIn(cases()), [](const auto& tested) {
  std::string name = tested.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(HostileRecipes, AreAtLeastSixtyAndNoExpectationIsLeftOver) {
  const auto names = cases();
  EXPECT_GE(names.size(), 60U);
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() != ".expected") continue;
    EXPECT_TRUE(std::binary_search(names.begin(), names.end(), entry.path().stem().string())) << entry.path();
  }
}

}  // namespace
}  // namespace envforge::documents
