// Each recipe of tests/golden/resolve and the text that a user reads about it.
#include <envforge/resolve/explain.hpp>

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/support/error.hpp>

#include "support/golden.hpp"

namespace envforge::resolve {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden/resolve";
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ExplainGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(ExplainGolden, SaysWhatFitsOrWhyNothingDoesAndWhatWould) {
  const std::string file = GetParam() + ".yaml";
  const auto recipe = documents::read_recipe(testing::read_text(folder() / file), file);
  testing::expect_golden(folder() / (GetParam() + ".txt"), explain(resolve(recipe.spec, compat::embedded())));
}

INSTANTIATE_TEST_SUITE_P(Recipes, ExplainGolden, ::testing::ValuesIn(cases()), [](const auto& recipe) {
  std::string name = recipe.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Explain, ProposesTheNearestBaseTopicAndPlatform) {
  const auto recipe = documents::read_recipe(
      "schema: envforge/recipe/v1\nimage: x\ntarget: [{name: a, gpus: A100}]\nbase: debain:12\ntorch: auto\n",
      "r.yaml");
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const std::string text = explain(resolve(recipe.spec, compat::embedded()));
  EXPECT_TRUE(has(text, "did you mean 'debian:12'")) << text;
  EXPECT_TRUE(has(explain_topic("nvdia-smi", compat::embedded()), "did you mean 'nvidia-smi'?"));
  EXPECT_FALSE(has(explain_topic("something else", compat::embedded()), "did you mean"));
  MatrixFilter filter;
  filter.platform = "linux/amd65";
  try {
    matrix(compat::embedded(), filter);
    ADD_FAILURE() << "it was taken";
  } catch (const support::Error& error) {
    EXPECT_TRUE(has(error.hint(), "'linux/amd64'")) << error.hint();
  }
}

}  // namespace
}  // namespace envforge::resolve
