// A Python that a base does not have: archives of the site, as plain data.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/what_if.hpp>

#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using compat::embedded;
using documents::PythonArchive;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SpecBuilder;
using Pythons = std::vector<PythonArchive>;

PythonArchive archive(const std::string& version, const std::string& glibc = "2.17",
                      const std::string& platform = "linux/amd64") {
  return {version, platform, "https://mirror.example.com/" + version + ".tar.gz", std::string(64, 'a'), glibc};
}

Solution solve(const SpecBuilder& spec, const Pythons& pythons) {
  const Outcome outcome = resolve(spec.spec(), embedded(), pythons);
  if (const auto* conflict = std::get_if<Conflict>(&outcome)) ADD_FAILURE() << explain(*conflict);
  return std::get_if<Solution>(&outcome) ? std::get<Solution>(outcome) : Solution{"", "", {{}}, false, "", {}, "", ""};
}

Conflict refuse(const SpecBuilder& spec, const Pythons& pythons) {
  const Outcome outcome = resolve(spec.spec(), embedded(), pythons);
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcome)) << explain(outcome);
  return std::holds_alternative<Conflict>(outcome) ? std::get<Conflict>(outcome) : Conflict{};
}

// Without line breaks.
std::string facts_of(const Conflict& conflict) {
  std::string text;
  for (const auto& item : conflict.items) text += item.fact + "\n";
  return text;
}

SpecBuilder recipe(const std::string& python) {
  return SpecBuilder().torch("2.7").python(python).pool({"H100"}, "580.65.06");
}

TEST(Python, OfAnArchiveIsTakenWhereTheRecipeNamesItAndTheBaseHasAnother) {
  const Solution solution = solve(recipe("3.13"), {archive("3.13.5"), archive("3.13.9"), archive("3.12.7")});
  EXPECT_EQ(solution.base, "debian:12");
  const PlatformSolution& amd64 = solution.platforms.front();
  EXPECT_EQ(amd64.python, "3.13");
  ASSERT_TRUE(amd64.python_archive);
  EXPECT_EQ(amd64.python_archive->version, "3.13.9") << "the newest patch";
  EXPECT_THAT(explain(solution), HasSubstr("CPython 3.13.9 of the site's archives"));
}

TEST(Python, OfTheBaseComesBeforeAnArchiveAlsoBeforeANewerTorch) {
  const Pythons pythons = {archive("3.12.7"), archive("3.13.5")};
  EXPECT_FALSE(solve(recipe("3.11"), {archive("3.11.9")}).platforms.front().python_archive);
  EXPECT_FALSE(solve(recipe("auto"), pythons).platforms.front().python_archive);
  const auto newest = SpecBuilder().base("ubuntu:22.04").pool({"H100"}, "590.44.01");
  EXPECT_EQ(solve(newest, {}).platforms.front().torch, solve(newest, {archive("3.14.1")}).platforms.front().torch);
  // torch 2.4 has no wheel for the Python of Debian 13: only an archive serves.
  const auto old = SpecBuilder().torch("2.4").base("debian:13").pool({"H100"}, "580.65.06");
  EXPECT_EQ(solve(old, pythons).platforms.front().python, "3.12");
}

TEST(Python, WithoutAGilIsNeverTakenUnasked) {
  const auto old = SpecBuilder().torch("2.15").base("ubuntu:22.04").pool({"H100"}, "590.44.01");
  const Conflict conflict = refuse(old, {archive("3.14.0t")});
  for (const auto& remedy : conflict.remedies) EXPECT_FALSE(remedy.solution.platforms.front().python_archive);
  EXPECT_EQ(solve(recipe("3.13t"), {archive("3.13.5t")}).platforms.front().python, "3.13t");
}

TEST(Python, WithoutAGilNeedsWheelsForIt) {
  // PyPI's torch 2.6 has none; what PyTorch's own index has is another build.
  const Solution solution = solve(recipe("3.13t").torch("2.6"), {archive("3.13.5t")});
  EXPECT_NE(solution.platforms.front().torch_index, "");
  const Conflict conflict = refuse(recipe("3.13t").torch("2.13"), {archive("3.13.5t")});
  EXPECT_THAT(facts_of(conflict), HasSubstr("has wheels for Python 3.14t, not for 3.13t"));
  EXPECT_THAT(facts_of(refuse(recipe("3.13t").torch("2.5"), {archive("3.13.5t")})),
              HasSubstr("no wheel for a Python without a GIL is known"));
}

TEST(Python, OfAnArchiveThatNeedsANewerCLibraryIsTakenOnABaseThatHasIt) {
  const Pythons pythons = {archive("3.14.1", "2.39")};
  const Conflict conflict = refuse(recipe("3.14").torch("2.11"), pythons);
  EXPECT_THAT(facts_of(conflict),
              HasSubstr("the site's archive of Python 3.14.1 needs glibc 2.39, and debian:12 has 2.36"));
  ASSERT_FALSE(conflict.remedies.empty());
  const auto base = std::find_if(conflict.remedies.begin(), conflict.remedies.end(),
                                 [](const auto& remedy) { return remedy.changes.front().key == "base"; });
  ASSERT_NE(base, conflict.remedies.end());
  EXPECT_TRUE(base->solution.platforms.front().python_archive);
  const Solution older = solve(recipe("3.14").torch("2.11"), {archive("3.14.1", "2.39"), archive("3.14.0", "2.17")});
  EXPECT_EQ(older.platforms.front().python_archive->version, "3.14.0") << "the newest that runs on the base";
}

TEST(Python, IsNeededForEachPlatformOfTheRecipe) {
  const auto both = recipe("3.13").torch("2.9").platforms({"linux/amd64", "linux/arm64"});
  EXPECT_THAT(facts_of(refuse(both, {archive("3.13.5")})),
              HasSubstr("the site configuration has no archive of Python 3.13 for linux/arm64"));
  const Solution solution = solve(both, {archive("3.13.5"), archive("3.13.4", "2.17", "linux/arm64")});
  EXPECT_EQ(solution.platforms.at(0).python_archive->version, "3.13.5");
  EXPECT_EQ(solution.platforms.at(1).python_archive->version, "3.13.4");
}

TEST(Python, ThatNobodyHasIsAConflictThatNamesBothWaysOut) {
  const Conflict conflict = refuse(recipe("3.12"), {});
  EXPECT_EQ(conflict.items.size(), 2U);
  EXPECT_THAT(facts_of(conflict), HasSubstr("Python 3.12 is that of ubuntu:24.04"));
  EXPECT_THAT(conflict.hints, Contains(HasSubstr("an archive of Python 3.12 for linux/amd64 under `pythons`")));
  EXPECT_TRUE(std::any_of(conflict.remedies.begin(), conflict.remedies.end(), [](const Remedy& remedy) {
    return remedy.changes.front().key == "base" && remedy.changes.front().to == "ubuntu:24.04";
  }));
  const Conflict free = refuse(recipe("3.13t"), {});
  EXPECT_EQ(free.items.size(), 1U);
  EXPECT_THAT(free.hints, Contains(HasSubstr("an archive of Python 3.13t")));
  // No archive helps a torch that has no wheel for it, and none is promised.
  EXPECT_THAT(refuse(recipe("3.13t").torch("2.13"), {}).hints, Not(Contains(HasSubstr("an archive of"))));
}

TEST(Python, IsAskedForByWhyNotToo) {
  const auto question = read_question("--why-not", "python=3.13t");
  const auto spec = recipe("auto").spec();
  const WhatIf with = what_if(spec, embedded(), question, {archive("3.13.5t")});
  EXPECT_THAT(explain(with), HasSubstr("3.11 -> 3.13t"));
  EXPECT_TRUE(std::holds_alternative<Conflict>(what_if(spec, embedded(), question).asked));
}

TEST(Python, WithoutAGilHasTheTorchvisionThatPypiHasAndElsewhereItIsNotKnown) {
  const auto vision = recipe("3.13t").include("torchvision");
  EXPECT_EQ(solve(vision, {archive("3.13.5t")}).platforms.front().torchvision, "0.22.1");
  const Conflict conflict = refuse(recipe("3.13t").torch("2.6").include("torchvision"), {archive("3.13.5t")});
  EXPECT_TRUE(any_unknown(conflict.items)) << explain(conflict);
}

}  // namespace
}  // namespace envforge::resolve
