#include "uv_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PythonRequest debian12() {
  PythonRequest request;
  request.python_version = "3.11";
  request.platform = "linux/amd64";
  request.glibc = "2.36";
  return request;
}

std::string lock_of(const std::string& wheels) {
  return "lock-version = \"1.0\"\n[[packages]]\nname = \"torch\"\nversion = \"2.6.0+cu118\"\n" + wheels;
}

const std::string kHash(64, 'a');

TEST(UvAnswer, TakesTheFileNameOutOfAUrlWithEscapes) {
  const auto wheels =
      read_pylock(lock_of("wheels = [{ url = \"https://x/torch-2.6.0%2Bcu118-cp311-cp311-linux_x86_64.whl?a#b\", "
                          "hashes = { sha256 = \"" +
                          kHash + "\" } }]"),
                  debian12());
  ASSERT_EQ(wheels.size(), 1U);
  EXPECT_EQ(wheels[0].filename, "torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl");
  EXPECT_EQ(wheels[0].size, 0U);
}

TEST(UvAnswer, TheHintOfAMissingWheelIsTheEntryThatBuildsItWithoutACompilerForCuda) {
  const std::string words =
      "error: No solution found when resolving dependencies:\n"
      "  Because pyairports==0.0.1 has no usable wheels and only pyairports==0.0.1 is available, we can conclude that "
      "all versions of pyairports cannot be used.\n"
      "hint: Wheels are required for `pyairports` because building from source is disabled for all packages (i.e., "
      "with `--no-build`)\n";
  const auto conflict = read_conflict(words, debian12());
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->kind, PythonConflict::Kind::kNeedsBuild);
  EXPECT_THAT(conflict->hint, HasSubstr("`packages: {build: [{source: pyairports==0.0.1, pools: []}]}`; without "
                                        "`pools` if it has CUDA code"));
}

TEST(UvAnswer, OfSeveralVersionsWithoutAWheelTheNewestIsTheOneToBuild) {
  const auto conflict = read_conflict(
      "error: No solution found when resolving dependencies:\n"
      "  Because antlr4-python3-runtime>=4.9,<=4.9.3 has no usable wheels and only the following versions of "
      "antlr4-python3-runtime are available:\n"
      "      antlr4-python3-runtime<4.9.dev0\n"
      "      antlr4-python3-runtime>=4.9,<=4.9.3\n"
      "hint: Wheels are required for `antlr4-python3-runtime` because building from source is disabled\n",
      debian12());
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->version, "4.9.3");
  EXPECT_THAT(conflict->hint, HasSubstr("{source: antlr4-python3-runtime==4.9.3, pools: []}"));
}

TEST(UvAnswer, AVersionThatThereIsNotIsToldWithItsPackage) {
  const auto conflict = read_conflict(
      "error: No solution found when resolving dependencies:\n"
      "  Because there is no version of numpy==99 and you require numpy==99, we can conclude that your requirements "
      "are "
      "unsatisfiable.\n",
      debian12());
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->package, "numpy");
  EXPECT_THAT(conflict->hint, HasSubstr("there is no numpy 99"));
}

TEST(UvAnswer, RecordsTheIndexWithoutItsCredentials) {
  PythonRequest request = debian12();
  request.indexes = {{"private", "https://me:secret@index.example/simple", ""}};
  request.pin_index = {{"torch", "private"}};
  const auto wheels = read_pylock(
      lock_of("wheels = [{ url = \"https://x/torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl\", hashes = { sha256 = \"" +
              kHash + "\" } }]"),
      request);
  EXPECT_EQ(wheels.at(0).index, "https://index.example/simple");
  EXPECT_EQ(without_credentials("https://index.example/a@b"), "https://index.example/a@b");
}

TEST(UvAnswer, ALockInAnotherFormIsAnErrorThatNamesThePackage) {
  for (const std::string& wheels :
       {std::string(), std::string("wheels = []"), std::string("archive = { url = \"https://x/a.whl\" }"),
        "wheels = [{ url = \"https://x/torch-2.6.0-cp312-cp312-linux_x86_64.whl\", hashes = { sha256 = \"" + kHash +
            "\" } }]",
        std::string("wheels = [{ url = \"https://x/torch-2.6.0-cp311-cp311-linux_x86_64.whl\", hashes = { md5 = \"00\" "
                    "} }]")}) {
    try {
      read_pylock(lock_of(wheels), debian12());
      ADD_FAILURE() << "accepted: " << wheels;
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kUvFailed);
      EXPECT_THAT(error.message(), HasSubstr("'torch'"));
    }
  }
  EXPECT_THROW(read_pylock("lock-version = \"2.0\"\n", debian12()), support::Error);
}

TEST(UvAnswer, APackageThatIsLockedTwiceIsAnError) {
  const std::string wheel =
      "wheels = [{ url = \"https://x/torch-2.6.0-cp311-cp311-linux_x86_64.whl\", hashes = { sha256 = \"" + kHash +
      "\" } }]\n";
  EXPECT_THROW(read_pylock(lock_of(wheel) + "[[packages]]\nname = \"Torch\"\nversion = \"2\"\n" + wheel, debian12()),
               support::Error);
}

TEST(UvAnswer, ReadsWhoNeedsWhat) {
  const auto required_by = read_annotations(
      "numpy==1.26.0             # via old-numpy, torch\n"
      "torch==2.6.0              # via -c /tmp/x/constraints.txt, the-recipe (/tmp/x/pyproject.toml), Accelerate_x\n");
  EXPECT_THAT(required_by.at("numpy"), ElementsAre("old-numpy", "torch"));
  EXPECT_THAT(required_by.at("torch"), ElementsAre("accelerate-x"));
}

TEST(UvAnswer, AConflictIsToldInTheWordsOfTheRecipe) {
  PythonRequest request = debian12();
  request.pins = {"torch==2.6.0"};
  const auto conflict = read_conflict(
      "error: No solution found when resolving dependencies\n"
      "  cause: Because all versions of trainer depend on torch>=2.7 and the-recipe depends on torch==2.6.0, we can "
      "conclude that your "
      "requirements are unsatisfiable.\n",
      request);
  ASSERT_TRUE(conflict);
  EXPECT_THAT(
      conflict->lines,
      ElementsAre("Because all versions of trainer depend on torch>=2.7 and the recipe asks for torch==2.6.0, nothing "
                  "satisfies the recipe.",
                  "torch==2.6.0 is envforge's own choice for the target's GPUs and drivers"));
}

TEST(UvAnswer, ANameThatNoIndexHasGetsTheNameThatWasMeant) {
  PythonRequest request = debian12();
  request.pins = {"torch==2.6.0"};
  request.requirements = {"panda>=2", "scikit-learn", "scikit_lern"};
  request.preferences = {"pandas==2.2.0"};
  const auto hint = [&](const std::string& name) {
    const auto conflict = read_conflict(
        "error: No solution found when resolving dependencies\n  cause: Because " + name +
            " was not found in the package registry and the-recipe depends on it, requirements are unsatisfiable.\n",
        request);
    EXPECT_TRUE(conflict && conflict->kind == PythonConflict::Kind::kNoSuchPackage);
    return conflict ? conflict->hint : "";
  };
  EXPECT_EQ(hint("panda"), "did you mean 'pandas'?");
  EXPECT_EQ(hint("scikit-lern"), "did you mean 'scikit-learn'?");
  EXPECT_THAT(hint("torchvison"), HasSubstr("did you mean 'torchvision'? It stands under `torch:"));
  EXPECT_EQ(hint("a-name-like-nothing"), "check the spelling of 'a-name-like-nothing'");
}

TEST(UvAnswer, ACertificateThatIsNotTrustedPointsToTheBundle) {
  const auto conflict = read_conflict(
      "error: Failed to fetch: https://pypi.org/simple/numpy/\n  cause: client error (Connect)\n  cause: invalid peer "
      "certificate: UnknownIssuer\n",
      debian12());
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->kind, PythonConflict::Kind::kIndexUnreachable);
  EXPECT_EQ(conflict->package, "numpy");
  EXPECT_THAT(conflict->hint, HasSubstr("--ca-bundle"));
}

TEST(UvAnswer, ARefusedLoginPointsToTheCredentials) {
  const auto conflict = read_conflict(
      "error: Failed to fetch: https://x/simple/numpy/\n  cause: HTTP status client error (401 Unauthorized) for url "
      "(https://x/simple/numpy/)\n",
      debian12());
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->hint, HasSubstr("credentials"));
}

TEST(UvAnswer, ControlCharactersOfAnIndexDoNotReachTheTerminal) {
  const auto conflict =
      read_conflict("error: No solution found when resolving dependencies\n  cause: Because \x1b[2Jx\n", debian12());
  ASSERT_TRUE(conflict);
  EXPECT_EQ(support::join(conflict->lines, "").find('\x1b'), std::string::npos);
}

TEST(UvAnswer, OtherTextIsNoConflict) {
  EXPECT_FALSE(read_conflict("error: No interpreter found for Python 3.11", debian12()));
  EXPECT_FALSE(read_conflict("", debian12()));
}

}  // namespace
}  // namespace envforge::packages
