// Every shipped recipe, for real: locked against PyPI and the distribution's mirror, rendered, and linted.
#include <gtest/gtest.h>

#include "e2e/cli.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;

// The answers of a network that is not there: a mirror or an index that is silent.
bool is_no_network(const process::Outcome& outcome) {
  const std::string code = Cli::error_code(outcome);
  return code == "EF5203" || code == "EF5208";
}

TEST(ShippedRecipes, LockRenderAndPassHadolint) {
  process::PosixProcessRunner runner;
  for (const char* program : {"uv", "apt-get", "mmdebstrap", "hadolint"}) {
    if (runner.find_programs(program).empty()) return cannot_run(program, "it is not on PATH");
  }
  int recipes = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(ENVFORGE_SOURCE_DIR) / "recipes")) {
    if (entry.path().extension() != ".yaml") continue;
    SCOPED_TRACE(entry.path().filename().string());
    ++recipes;
    const Cli cli;
    fs::copy_file(entry.path(), cli.path("recipe.yaml"));
    const auto locked = cli.run({"--json", "lock", "recipe.yaml"});
    if (is_no_network(locked)) return cannot_run("network", locked.out);
    ASSERT_TRUE(locked.ok()) << locked.out << locked.err;
    const auto again = cli.run({"--json", "lock", "--locked", "recipe.yaml"});
    EXPECT_EQ(again.out, locked.out) << "the lock that was written is the one that was shown";

    const auto rendered = cli.run({"render", "--frozen", "recipe.yaml", "-o", "context"});
    ASSERT_TRUE(rendered.ok()) << rendered.err;
    process::Command lint;
    lint.argv = {"hadolint", "--no-color", cli.path("context/Dockerfile")};
    const auto linted = runner.run(lint);
    EXPECT_TRUE(linted.ok()) << linted.out << linted.err;
  }
  EXPECT_GE(recipes, 5);
}

}  // namespace
}  // namespace envforge::testing
