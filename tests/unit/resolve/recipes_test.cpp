// The shipped recipes against the shipped data.
#include <filesystem>

#include <gtest/gtest.h>

#include <envforge/compat/gpu_names.hpp>
#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/resolve/explain.hpp>

#include "support/golden.hpp"

namespace envforge::resolve {
namespace {

std::vector<documents::Recipe> shipped_recipes() {
  std::vector<documents::Recipe> recipes;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(ENVFORGE_SOURCE_DIR) / "recipes")) {
    if (entry.path().extension() != ".yaml") continue;
    recipes.push_back(documents::read_recipe(testing::read_text(entry.path()), entry.path().filename().string()));
  }
  return recipes;
}

TEST(ShippedRecipe, ResolvesWithoutAWarning) {
  const auto recipes = shipped_recipes();
  EXPECT_FALSE(recipes.empty());
  for (const auto& recipe : recipes) {
    const Outcome outcome = resolve(recipe.spec, compat::embedded());
    ASSERT_TRUE(std::holds_alternative<Solution>(outcome)) << recipe.file << "\n" << explain(outcome);
    EXPECT_TRUE(std::get<Solution>(outcome).warnings.empty()) << recipe.file << "\n" << explain(outcome);
  }
}

TEST(ShippedRecipe, NamesGpusThatNvidiaSmiAlsoNames) {
  const compat::Knowledge knowledge = compat::embedded();
  for (const auto& recipe : shipped_recipes()) {
    for (const auto& pool : recipe.spec.pools) {
      for (const auto& gpu : pool.gpus) {
        const auto found = compat::find_gpu(knowledge, gpu.value);
        ASSERT_TRUE(std::holds_alternative<compat::GpuMatch>(found)) << recipe.file << ": " << gpu.value;
        const auto& match = std::get<compat::GpuMatch>(found);
        for (const compat::Gpu* model : match.models) {
          for (const auto name : model->driver_names) {
            const auto again = compat::find_gpu(knowledge, std::string(name));
            ASSERT_TRUE(std::holds_alternative<compat::GpuMatch>(again)) << name;
            EXPECT_EQ(std::get<compat::GpuMatch>(again).cc, match.cc) << name;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace envforge::resolve
