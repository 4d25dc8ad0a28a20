#include <envforge/resolve/matrix.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "support/golden.hpp"

namespace envforge::resolve {
namespace {

using compat::embedded;
using support::ErrorCode;

void expect_matrix(const std::string& name, const MatrixFilter& filter) {
  const auto golden = std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden/resolve/matrix" / (name + ".txt");
  testing::expect_golden(golden, matrix_text(matrix(embedded(), filter), matrix_notes(embedded(), filter), embedded()));
}

MatrixFilter filter(void (*fill)(MatrixFilter&)) {
  MatrixFilter made;
  fill(made);
  return made;
}

TEST(Matrix, ShowsTheBuildsOfOneRelease) {
  expect_matrix("torch-2.6", filter([](MatrixFilter& f) { f.torch = "2.6"; }));
}

// The rule that a recipe has: no recipe for linux/amd64 gets a GH200.
TEST(Matrix, OfAGpuThatComesWithAnArmCpuHasOnlyLinuxArm64) {
  for (const char* gpu : {"GH200", "GB200", "GB10", "Jetson T5000"}) {
    MatrixFilter made;
    made.gpus = {gpu};
    const auto rows = matrix(embedded(), made);
    EXPECT_FALSE(rows.empty()) << gpu;
    for (const MatrixRow& row : rows) EXPECT_EQ(row.platform, "linux/arm64") << gpu << " " << row.torch;
    made.platform = "linux/amd64";
    EXPECT_TRUE(matrix(embedded(), made).empty()) << gpu;
    EXPECT_THAT(matrix_notes(embedded(), made), ::testing::ElementsAre(::testing::HasSubstr("comes with an Arm CPU")));
  }
}

TEST(Matrix, ShowsWhereAGpuAndADriverGo) {
  expect_matrix("rtx5090-driver570", filter([](MatrixFilter& f) {
                  f.gpus = {"RTX 5090"};
                  f.drivers = {"570"};
                  f.platform = "linux/amd64";
                }));
}

TEST(Matrix, ShowsWhatOldGpusStillHave) {
  expect_matrix("volta-from-2.9", filter([](MatrixFilter& f) {
                  f.gpus = {"V100"};
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
  EXPECT_LT(count([](MatrixFilter& f) { f.drivers = {"550.90.07"}; }), all);
  EXPECT_EQ(count([](MatrixFilter& f) { f.torch = "99"; }), 0U);
  EXPECT_LT(count([](MatrixFilter& f) { f.devel = true; }), all);
  EXPECT_GT(count([](MatrixFilter& f) { f.devel = true; }), 0U);
  EXPECT_EQ(count([](MatrixFilter& f) {
              f.devel = true;
              f.cuda = "12.8";
            }),
            0U);
  EXPECT_EQ(count([](MatrixFilter& f) {
              f.gpus = {"V100"};
              f.drivers = {"590.44.01"};
            }),
            0U);
}

TEST(Matrix, IsFilteredByThePartsOfTheBuilds) {
  for (const std::string& part : matrix_parts()) {
    MatrixFilter asked;
    asked.parts[part] = part == "triton" ? "3.2" : part == "torchvision" ? "0.21.0" : part == "torchaudio" ? "2.6" : "";
    if (part == "cudnn") asked.parts[part] = "9.1.0";
    if (part == "nccl") asked.parts[part] = ">=2.21,<2.22";
    if (part == "cublas") asked.parts[part] = "12.4";
    asked.torch = "2.6";
    const auto rows = matrix(embedded(), asked);
    ASSERT_FALSE(rows.empty()) << part;
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const MatrixRow& row) { return row.cuda_variant == "cu124"; }))
        << part;
    asked.parts[part] = "1.2.3";
    EXPECT_TRUE(matrix(embedded(), asked).empty()) << part;
    const auto notes = matrix_notes(embedded(), asked);
    ASSERT_EQ(notes.size(), 1U) << part;
    EXPECT_THAT(notes[0], ::testing::HasSubstr("a torch build with " + part + " 1.2.3 is not known to the data"));
  }
}

TEST(Matrix, ABuildOfWhichAPartIsNotKnownIsADoubtAndNeitherYesNorNo) {
  MatrixFilter asked;
  asked.torch = "2.9.1";
  asked.parts["cudnn"] = "9.10";
  const auto rows = matrix(embedded(), asked);
  std::vector<std::string> told;
  for (const auto& row : rows) told.push_back(row.cuda_variant + ": " + row.doubt);
  EXPECT_THAT(told, ::testing::Contains("cu128: "));
  EXPECT_THAT(told, ::testing::Contains("cu129: not known to have that cudnn"));
  EXPECT_THAT(told, ::testing::Not(::testing::Contains(::testing::HasSubstr("cu130"))));
  EXPECT_FALSE(rows.back().known);
}

TEST(Matrix, OfABaseHasWhatItsPythonAndItsCLibraryTake) {
  const auto of_base = [](const char* base) {
    MatrixFilter asked;
    asked.base = base;
    return matrix(embedded(), asked);
  };
  const auto rows = of_base("debian:13");
  ASSERT_FALSE(rows.empty());
  EXPECT_LT(rows.size(), matrix(embedded(), {}).size());
  for (const auto& row : rows)
    EXPECT_NE(std::find(row.python.begin(), row.python.end(), "3.13"), row.python.end()) << row.torch;
  EXPECT_TRUE(of_base("debain:13").empty());
  const auto notes = matrix_notes(embedded(), filter([](MatrixFilter& f) { f.base = "debain:13"; }));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes[0], ::testing::HasSubstr("did you mean 'debian:13'"));
  MatrixFilter triton;
  triton.torch = "2.5.1";
  triton.base = "debian:12";
  triton.parts["triton"] = "3.1";
  EXPECT_FALSE(matrix(embedded(), triton).empty());
  triton.base = "debian:13";
  EXPECT_TRUE(matrix(embedded(), triton).empty()) << "no triton is required for Python 3.13";
}

// Known false claim: all 2.6 wheels have the new C++ ABI.
TEST(Matrix, CsvTellsTheCxxAbiAndThePartnersOfEachBuild) {
  const std::string csv = matrix_csv(matrix(embedded(), filter([](MatrixFilter& f) {
                                              f.torch = "2.6";
                                              f.platform = "linux/amd64";
                                            })));
  EXPECT_THAT(csv, ::testing::HasSubstr("9.1.0.70,2.21.5,12.4.5.8,3.2.0,0.21.0,2.6.0,0,"));
  EXPECT_THAT(csv, ::testing::HasSubstr("9.5.1.17,2.21.5,12.6.4.1,3.2.0,0.21.0,2.6.0,1,"));
}

TEST(Matrix, EveryBuildThatAnOldCLibraryCannotLoadIsLeftOut) {
  const auto rows = matrix(embedded(), filter([](MatrixFilter& f) { f.glibc = "2.17"; }));
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) EXPECT_EQ(row.glibc_floor, "2.17") << row.torch;
  EXPECT_EQ(matrix(embedded(), filter([](MatrixFilter& f) { f.glibc = "2.28"; })).size(),
            matrix(embedded(), {}).size());
}

TEST(Matrix, APythonWithoutAGilIsAPythonOfItsOwn) {
  const auto rows = matrix(embedded(), filter([](MatrixFilter& f) { f.python = "3.13t"; }));
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.front().torch, "2.12.0");
  EXPECT_EQ(rows.back().torch, "2.6.0");
  for (const auto& row : rows) EXPECT_NE(row.torch + row.cuda_variant, "2.6.0cu124") << "PyPI has no such wheel";
}

TEST(Matrix, WhatIsNewerThanTheDataIsNotKnownAndNeverANo) {
  const auto notes = matrix_notes(embedded(), filter([](MatrixFilter& f) {
                                    f.torch = ">=99";
                                    f.cuda = "99.1";
                                    f.python = "3.99";
                                    f.drivers = {"999.1"};
                                  }));
  ASSERT_EQ(notes.size(), 4U);
  for (const auto& note : notes) EXPECT_THAT(note, ::testing::HasSubstr("is not known to the data of")) << note;
  EXPECT_TRUE(matrix_notes(embedded(), filter([](MatrixFilter& f) {
                             f.torch = ">=2.6";
                             f.cuda = "cu126";
                             f.python = "3.13";
                             f.drivers = {"550"};
                           }))
                  .empty());
}

TEST(Matrix, WhatIsOlderThanTheDataIsToldAsOlder) {
  const auto notes = matrix_notes(embedded(), filter([](MatrixFilter& f) {
                                    f.torch = "1.10.0";
                                    f.drivers = {"435.21"};
                                  }));
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_THAT(notes[0], ::testing::HasSubstr("the oldest that is known is 1.13.0"));
  EXPECT_THAT(notes[1], ::testing::HasSubstr("the oldest that is known is R450"));
  EXPECT_THAT(notes[2], ::testing::HasSubstr("the least driver of any build that is known is 450.80.02 (CUDA 11.x)"));
}

TEST(Matrix, ADriverThatIsNotKnownToListTheGpuIsADoubtOfEveryLine) {
  for (const auto& [driver, doubt] : {std::pair("535", "the first driver known to list the GPU is of R570"),
                                      std::pair("999", "the driver's branch is not known")}) {
    MatrixFilter asked;
    asked.gpus = {"RTX 5090"};
    asked.drivers = {driver};
    const auto rows = matrix(embedded(), asked);
    ASSERT_FALSE(rows.empty());
    for (const auto& row : rows) EXPECT_THAT(row.doubt, ::testing::HasSubstr(doubt)) << row.torch;
  }
  for (const auto& row : matrix(embedded(), filter([](MatrixFilter& f) { f.drivers = {"999"}; })))
    EXPECT_EQ(row.doubt, "the driver's branch is not known");
}

// The question of the documents: the newest torch that still runs there is the first line.
TEST(Matrix, WhatIsKnownToRunComesFirst) {
  for (const auto& [gpu, driver, first] :
       {std::tuple("sm_70", "535", "2.14.0 cu126"), std::tuple("RTX 5090", "570", "2.11.0 cu128")}) {
    MatrixFilter asked;
    asked.gpus = {gpu};
    asked.drivers = {driver};
    const auto rows = matrix(embedded(), asked);
    ASSERT_FALSE(rows.empty()) << gpu;
    EXPECT_TRUE(rows.front().known) << gpu;
    EXPECT_EQ(rows.front().torch + " " + rows.front().cuda_variant, first);
    EXPECT_FALSE(rows.back().known) << gpu;
    bool known = true;
    for (const auto& row : rows) {
      EXPECT_TRUE(known || !row.known) << gpu << ": " << row.torch << " " << row.cuda_variant;
      known = row.known;
      EXPECT_EQ(row.known, row.doubt.find("not known") == std::string::npos) << row.torch << ": " << row.doubt;
    }
  }
}

TEST(Matrix, ShowsWhatForwardCompatibilityAddsOnlyWhereItIsAskedForAndCovers) {
  const auto with = [](const std::string& gpu, bool forward) {
    MatrixFilter asked;
    asked.torch = "2.10";
    asked.cuda = "13.0";
    asked.gpus = {gpu};
    asked.drivers = {"550"};
    asked.forward_compat = forward;
    return matrix(embedded(), asked);
  };
  EXPECT_TRUE(with("A100", false).empty());
  EXPECT_TRUE(with("RTX 4090", true).empty());
  const auto rows = with("A100", true);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.front().doubt, "with cuda-compat-13-0");
  ASSERT_FALSE(with("RTX A6000", true).empty());
  EXPECT_EQ(with("RTX A6000", true).front().doubt, "with cuda-compat-13-0, not known to cover it");
}

TEST(Matrix, OfSeveralGpusARowServesAll) {
  const auto count = [](const std::vector<std::string>& gpus, const std::vector<std::string>& drivers) {
    MatrixFilter asked;
    asked.gpus = gpus;
    asked.drivers = drivers;
    std::set<std::string> rows;
    for (const auto& row : matrix(embedded(), asked)) {
      if (row.known) rows.insert(row.torch + " " + row.cuda_variant + " " + row.platform);
    }
    return rows;
  };
  const auto volta = count({"V100"}, {"535"}), blackwell = count({"B200"}, {"575"});
  const auto both = count({"V100", "B200"}, {});
  EXPECT_EQ(count({"B200", "V100"}, {}), both) << "in any order";
  std::set<std::string> of_each;
  const auto v = count({"V100"}, {}), b = count({"B200"}, {});
  std::set_intersection(v.begin(), v.end(), b.begin(), b.end(), std::inserter(of_each, of_each.end()));
  EXPECT_EQ(both, of_each);
  EXPECT_FALSE(both.empty());
  EXPECT_LT(both.size(), std::min(v.size(), b.size()));
  EXPECT_EQ(count({"H100"}, {"535", "580"}), count({"H100"}, {"535"})) << "the older driver decides";
}

TEST(Matrix, SaysWhichOfSeveralMachinesDecides) {
  MatrixFilter asked;
  asked.gpus = {"RTX 5090", "V100"};
  asked.drivers = {"580"};
  asked.platform = "linux/amd64";
  const auto rows = matrix(embedded(), asked);
  const auto deciders = matrix_deciders(embedded(), asked);
  ASSERT_EQ(deciders.size(), 3U);
  for (const auto& each : deciders) {
    MatrixFilter less = asked;
    std::erase(less.gpus, each.what);
    if (each.what == "driver 580") less.drivers.clear();
    const auto left = matrix(embedded(), less);
    EXPECT_EQ(each.without, static_cast<std::size_t>(
                                std::count_if(left.begin(), left.end(), [](const auto& row) { return row.known; })))
        << each.what;
  }
  EXPECT_GE(deciders[0].without, deciders[1].without);
  EXPECT_THAT(sentence(deciders, rows), ::testing::StartsWith(deciders[0].what + " decides: "));
  asked.gpus = {"V100"};
  EXPECT_TRUE(matrix_deciders(embedded(), asked).empty()) << "one machine";
  EXPECT_EQ(sentence({}, rows), "");
}

TEST(Matrix, TellsOfWhichMachineADoubtIs) {
  MatrixFilter asked;
  asked.gpus = {"A100", "RTX 5090"};
  asked.drivers = {"535"};
  const auto rows = matrix(embedded(), asked);
  ASSERT_FALSE(rows.empty());
  EXPECT_THAT(rows.front().doubt, ::testing::HasSubstr("RTX 5090: the first driver known to list the GPU is of R570"));
  EXPECT_FALSE(rows.front().known);
}

TEST(Matrix, APoolHasItsOwnDriver) {
  const auto recipe = documents::read_recipe(
      "schema: envforge/recipe/v1\nimage: x\ntorch: auto\ntarget:\n"
      "  - {name: old, gpus: V100, driver: \"535.183.06\"}\n  - {name: new, gpus: B200, driver: \"570.86.10\"}\n",
      "r.yaml");
  MatrixFilter asked;
  asked.pools = recipe.spec.pools;
  const auto known = [&] {
    const auto rows = matrix(embedded(), asked);
    return std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.known; });
  };
  EXPECT_GT(known(), 0) << "R535 is asked to drive the V100 alone";
  EXPECT_EQ(matrix_deciders(embedded(), asked).front().what.substr(0, 5), "pool ");
  asked.pools.clear();
  asked.gpus = {"V100", "B200"};
  asked.drivers = {"535.183.06", "570.86.10"};
  EXPECT_EQ(known(), 0) << "each GPU with each driver";
}

// An image is one build for all platforms.
TEST(Matrix, AGpuOnAnArmHostAsksOfAmixedTargetForTheArmWheelOfTheSameBuild) {
  MatrixFilter asked;
  asked.gpus = {"H100", "GH200"};
  const auto rows = matrix(embedded(), asked);
  const auto has_arm = [&](const MatrixRow& wanted) {
    return std::any_of(rows.begin(), rows.end(), [&](const MatrixRow& row) {
      return row.torch == wanted.torch && row.cuda_variant == wanted.cuda_variant && row.platform == "linux/arm64";
    });
  };
  ASSERT_FALSE(rows.empty());
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.platform == "linux/amd64"; }));
  for (const auto& row : rows) EXPECT_TRUE(has_arm(row)) << row.torch << " " << row.cuda_variant;
  EXPECT_THAT(matrix_notes(embedded(), asked),
              ::testing::Contains(::testing::HasSubstr("a line for amd64 has a build whose arm64 wheel serves it")));
}

TEST(Matrix, IsAsWideAsTheTerminalSays) {
  MatrixFilter asked;
  asked.gpus = {"V100", "RTX 5090"};
  const auto rows = matrix(embedded(), asked);
  const std::vector<std::string> notes = {sentence(matrix_deciders(embedded(), asked), rows)};
  const auto longest = [&](std::size_t columns) {
    std::size_t most = 0;
    for (const auto& line : support::split(matrix_text(rows, notes, embedded(), columns), '\n'))
      most = std::max(most, line.size());
    return most;
  };
  EXPECT_GT(longest(0), 100U) << "no terminal: each row is one line";
  EXPECT_LE(longest(80), 80U);
  EXPECT_LE(longest(200), 200U);
  EXPECT_GT(longest(200), 80U);
}

TEST(Matrix, CsvHasOneLineForEachRowAndQuotesWhatHoldsAComma) {
  const auto rows = matrix(embedded(), filter([](MatrixFilter& f) { f.torch = "2.6"; }));
  const std::string csv = matrix_csv(rows);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), static_cast<long>(rows.size()) + 1);
  EXPECT_THAT(csv, ::testing::HasSubstr("\"compat/pytorch.json: 2.6.0 cu126, "));
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
  EXPECT_EQ(code([](MatrixFilter& f) { f.drivers = {"new"}; }), ErrorCode::kUsage);
  EXPECT_EQ(code([](MatrixFilter& f) { f.platform = "windows"; }), ErrorCode::kUsage);
  EXPECT_EQ(code([](MatrixFilter& f) { f.gpus = {"MI300"}; }), ErrorCode::kGpuUnknown);
  EXPECT_EQ(code([](MatrixFilter& f) { f.forward_compat = true; }), ErrorCode::kUsage);
  EXPECT_EQ(code([](MatrixFilter& f) { f.parts["cudnn"] = "new"; }), ErrorCode::kUsage);
}

}  // namespace
}  // namespace envforge::resolve
