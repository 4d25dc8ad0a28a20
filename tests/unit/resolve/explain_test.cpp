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

TEST(Explain, SaysFirstOfAnImageWhetherItExists) {
  const auto knowledge = compat::embedded();
  const auto begin = [&](const std::string& image) {
    std::string text = explain_topic(image, knowledge);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  };
  const auto starts = [](const std::string& text, const std::string& with) {
    return text.substr(0, with.size()) == with;
  };
  const std::string pinned = "pytorch/pytorch:2.0.0-cuda11.7-cudnn8-runtime";
  EXPECT_TRUE(starts(begin(pinned), pinned + " exists, or did when that was read:")) << begin(pinned);
  EXPECT_EQ(about_image(pinned, knowledge)->exists, true);
  const std::string made_up = "pytorch/pytorch:2.6.0-cuda12.1-cudnn9-runtime";
  EXPECT_TRUE(starts(begin(made_up), made_up + " does not exist, for all that was read:")) << begin(made_up);
  EXPECT_EQ(about_image(made_up, knowledge)->exists, false);
  for (const std::string image : {"pytorch/pytorch:2.1.1-cuda12.1-cudnn8-devel", "nvidia/cuda:latest", "team/own:v1"}) {
    EXPECT_TRUE(starts(begin(image), "Whether " + image + " exists is not known to the data of")) << begin(image);
    EXPECT_EQ(about_image(image, knowledge)->exists, std::nullopt) << image;
  }
  EXPECT_EQ(about_image("nvidia/cuda:12.3.2-cudnn9-devel-ubuntu22.04", knowledge)->exists, true)
      << "although most tags with cudnn9 do not";
  EXPECT_FALSE(about_image("conda", knowledge));
}

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
