// A CUDA compiler is needed: for `variant: devel`, or because packages.build must have machine code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/resolve.hpp>
#include <envforge/resolve/what_if.hpp>

#include "support/compat_data.hpp"
#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using compat::Knowledge;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::SpecBuilder;

SpecBuilder wanted(const std::string& torch = "") {
  SpecBuilder spec;
  spec.pool({"H100"}, "580.65.06");
  if (!torch.empty()) spec.torch(torch);
  return spec;
}

Outcome answer(const SpecBuilder& spec, const Knowledge& knowledge = compat::embedded()) {
  return resolve(spec.spec(), knowledge);
}

Conflict refuse(const SpecBuilder& spec, const Knowledge& knowledge = compat::embedded()) {
  const Outcome outcome = answer(spec, knowledge);
  if (const auto* conflict = std::get_if<Conflict>(&outcome)) return *conflict;
  ADD_FAILURE() << explain(outcome);
  return {};
}

Solution solve(const SpecBuilder& spec, const Knowledge& knowledge = compat::embedded()) {
  const Outcome outcome = answer(spec, knowledge);
  if (const auto* solution = std::get_if<Solution>(&outcome)) return *solution;
  ADD_FAILURE() << explain(outcome);
  Solution none;
  none.platforms.resize(1);
  return none;
}

// The keys of the remedies of one change each, and of both of those of two.
std::vector<std::string> ways_out(const Conflict& conflict) {
  std::vector<std::string> keys;
  for (const Remedy& remedy : conflict.remedies) {
    std::string key;
    for (const Change& change : remedy.changes) key += (key.empty() ? "" : " and ") + change.key + "=" + change.to;
    keys.push_back(key);
  }
  return keys;
}

// The shipped data after a change of one of its rows.
template <class Change>
Knowledge with(Change&& change) {
  auto data = testing::shipped_data();
  change(data);
  return testing::knowledge_of(data);
}

nlohmann::json& row(nlohmann::json& rows, const char* key, const nlohmann::json& value) {
  for (auto& one : rows) {
    if (one[key] == value) return one;
  }
  throw std::logic_error("no such row");
}

TEST(CudaCompiler, MovesCudaAutoToABuildWhoseNvccCanBeHad) {
  const auto spec = wanted("2.9");
  EXPECT_EQ(solve(spec).platforms[0].cuda_variant, "cu128") << "PyPI's own build";
  const Solution devel = solve(wanted("2.9").devel());
  EXPECT_EQ(devel.platforms[0].cuda_variant, "cu130");
  EXPECT_EQ(solve(wanted("2.9").built("ops @ ./ops")).platforms[0].cuda_variant, "cu130");
  EXPECT_EQ(solve(wanted("2.9").built("ops @ ./ops", std::vector<std::string>{})).platforms[0].cuda_variant, "cu128");
  EXPECT_THAT(devel.platforms[0].choices[1].reason, HasSubstr("no wheel of NVIDIA's brings nvcc for CUDA 12"));
  EXPECT_THAT(devel.platforms[0].choices, Contains(Field(&documents::Choice::component, "nvcc")));
}

TEST(CudaCompiler, ConflictsWithItsLineItsRowAndWaysOutThatWereSolved) {
  const Conflict conflict = refuse(wanted("2.6").devel());
  const std::string text = explain(conflict);
  EXPECT_THAT(text, HasSubstr("variant devel (recipe.yaml:7:1)"));
  EXPECT_THAT(text, HasSubstr("no wheel of NVIDIA's brings nvcc for CUDA 12; those for CUDA 13 do"));
  EXPECT_THAT(text, HasSubstr("compat/cuda.json: nvcc for CUDA 12, NVIDIA's compiler wheels, opened"));
  EXPECT_EQ(conflict.items.size(), 2U) << text;
  EXPECT_THAT(ways_out(conflict), ElementsAre("torch.version=2.9.1", "variant=runtime"));
}

TEST(CudaCompiler, OfPackagesBuildNamesEveryEntryAndEndsAllOfThemInOneWayOut) {
  const Conflict conflict = refuse(
      wanted().torch("2.11").cuda("cu128").built("ops @ ./ops").built("more==1.0", std::vector<std::string>{"pool0"}));
  const std::string text = explain(conflict);
  const ConflictItem& item = conflict.items.back();
  EXPECT_THAT(item.wishes, ElementsAre("packages.build ops @ ./ops", "packages.build more==1.0"));
  EXPECT_EQ(to_string(item.where.back()), "recipe.yaml:21:1");
  EXPECT_THAT(ways_out(conflict), Contains("torch.cuda=cu130"));
  EXPECT_THAT(ways_out(conflict), Contains("packages.build.ops.pools=[] and packages.build.more.pools=[]"));
  EXPECT_THAT(text, HasSubstr("packages.build.ops.pools: []"));
}

TEST(CudaCompiler, AnEntryThatIsKnownToHaveCudaCodeIsLeftOutForWithoutNvccItCannotBeBuilt) {
  const Conflict conflict = refuse(wanted("2.6").built("flash-attn==2.5.9").built("ops @ ./ops"));
  EXPECT_THAT(ways_out(conflict), Contains("packages.build= and packages.build.ops.pools=[]"));
  const std::string text = explain(conflict);
  EXPECT_THAT(text, HasSubstr("packages.build: leave out flash-attn==2.5.9 (a wheel that its makers serve"));
  EXPECT_THAT(text, HasSubstr("packages.build.ops.pools: [] (if it has no CUDA code)"));
  EXPECT_THAT(text, Not(HasSubstr("flash-attn.pools")));
}

TEST(CudaCompiler, OfBothIsGivenUpInBoth) {
  const Conflict conflict = refuse(wanted("2.6").devel().built("ops @ ./ops"));
  EXPECT_EQ(conflict.items.size(), 2U) << "one of the two is enough for a conflict";
  EXPECT_THAT(ways_out(conflict), Contains("variant=runtime and packages.build.ops.pools=[]"));
}

TEST(CudaCompiler, MustTakeTheBasesHostCompiler) {
  const Knowledge old_nvcc = with([](auto& data) {
    for (auto& toolkit : data["cuda.json"]["toolkits"]) toolkit["host_gcc_max"] = "13";
  });
  const Conflict conflict = refuse(wanted("2.11").base("debian:13").devel(), old_nvcc);
  const std::string text = explain(conflict);
  EXPECT_THAT(text, HasSubstr("takes g++ up to 13; debian:13 has 14"));
  EXPECT_THAT(text, HasSubstr("compat/bases.json: debian:13"));
  EXPECT_THAT(ways_out(conflict), Contains("base=debian:12"));
  EXPECT_THAT(ways_out(conflict), Contains("variant=runtime"));
}

TEST(CudaCompiler, WithoutARowIsUnknownAndTakenOnlyByName) {
  const Knowledge unknown = with([](auto& data) { data["cuda.json"]["compilers"].clear(); });
  const Conflict conflict = refuse(wanted("2.11").devel(), unknown);
  EXPECT_THAT(explain(conflict), HasSubstr("No version set is known"));
  EXPECT_THAT(explain(conflict), HasSubstr("whether a wheel brings nvcc for CUDA 13 is not known to the data"));
  const Solution named = solve(wanted("2.11").cuda("cu130").devel(), unknown);
  EXPECT_TRUE(named.doubtful);
  EXPECT_THAT(named.warnings, Contains(Field(&Warning::text, HasSubstr("whether a wheel brings nvcc"))));

  const Knowledge no_gcc = with([](auto& data) { row(data["bases.json"]["bases"], "name", "debian:12")["gcc"] = {}; });
  EXPECT_THAT(explain(refuse(wanted("2.11").devel(), no_gcc)), HasSubstr("which g++ debian:12 has is not known"));
}

TEST(CudaCompiler, AnUnverifiedRowNeverRefuses) {
  const auto old_nvcc = [](auto& data) {
    for (auto& toolkit : data["cuda.json"]["toolkits"]) toolkit["host_gcc_max"] = "12";
  };
  // g++ of Ubuntu 24.04 is inferred.
  const auto spec = [] { return wanted("2.11").cuda("cu130").base("ubuntu:24.04").devel(); };
  const Solution taken = solve(spec(), with(old_nvcc));
  EXPECT_TRUE(taken.doubtful);
  EXPECT_THAT(taken.warnings, Contains(Field(&Warning::text, HasSubstr("by rows that are not verified"))));
  EXPECT_THAT(solve(spec()).platforms[0].choices,
              Contains(Field(&documents::Choice::reason, HasSubstr("which has g++ 13 (not verified)"))));
}

TEST(CompiledCode, IsWhatTheToolkitsNvccMakes) {
  // CUDA 13.0 as if it did not know Blackwell's newest, which torch then runs from PTX.
  const Knowledge late = with([](auto& data) {
    row(data["cuda.json"]["architectures"], "cc", "12.0")["first_cuda"] = "13.1";
    for (auto& release : data["pytorch.json"]["releases"]) {
      for (auto& build : release["builds"]) {
        for (auto& platform : build["platforms"]) {
          platform["sass"] = {"sm_90"};
          platform["ptx"] = {"compute_90"};
          platform["sources"] = {"WHEEL"};
        }
      }
    }
  });
  const auto spec = [] { return wanted("2.11").cuda("cu130").pool({"RTX 5090"}, "580.65.06"); };
  EXPECT_FALSE(solve(spec(), late).doubtful);
  const Conflict conflict = refuse(spec().built("ops @ ./ops"), late);
  EXPECT_THAT(explain(conflict), HasSubstr("nvcc of CUDA 13.0 makes no machine code for RTX 5090"));
  EXPECT_THAT(explain(conflict), HasSubstr("CUDA 13.1 is the first that does"));
  EXPECT_THAT(ways_out(conflict), Contains("target="));
  EXPECT_THAT(ways_out(conflict), Contains("packages.build.ops.pools=[]"));
  solve(spec().built("ops @ ./ops", std::vector<std::string>{"pool0"}), late);
}

TEST(CompiledCode, IsMadeForEveryGpuOfThePoolsThatTorchRunsOn) {
  const Solution solution =
      solve(SpecBuilder().torch("2.11").cuda("cu130").pool({"H100", "A100"}).pool({"L4"}).built("ops @ ./ops"));
  EXPECT_THAT(solution.platforms[0].architectures_of_pool.at("pool0"), ElementsAre("sm_80", "sm_90"));
  EXPECT_THAT(solution.platforms[0].architectures_of_pool.at("pool1"), ElementsAre("sm_89"));
}

TEST(CompiledCode, ForgetsAPoolThatAWayOutRemoves) {
  const Conflict conflict = refuse(SpecBuilder().torch("2.11").cuda("cu130").pool({"H100"}).pool({"V100"}).built(
      "ops @ ./ops", std::vector<std::string>{"pool0", "pool1"}));
  for (const Remedy& remedy : conflict.remedies) {
    if (remedy.changes[0].key != "target") continue;
    ASSERT_EQ(remedy.changes.size(), 2U);
    EXPECT_EQ(remedy.changes[1].key, "packages.build.ops.pools");
    EXPECT_EQ(remedy.changes[1].from, "pool1");
    return;
  }
  ADD_FAILURE() << explain(conflict);
}

TEST(CudaCompiler, IsAPartThatCanBeAskedFor) {
  const auto ask = [](const SpecBuilder& spec, const std::string& value) {
    return what_if(spec.spec(), compat::embedded(), read_question("--why-not", "variant=" + value));
  };
  const WhatIf moved = ask(wanted("2.9"), "devel");
  EXPECT_FALSE(moved.is_answer);
  EXPECT_THAT(moved.changes, Contains(Field(&PartChange::component, "nvcc")));
  EXPECT_THAT(explain(moved), HasSubstr("13.0"));
  EXPECT_THAT(explain(ask(wanted("2.6"), "devel")), HasSubstr("no wheel of NVIDIA's brings nvcc for CUDA 12"));
  EXPECT_TRUE(ask(wanted("2.9"), "runtime").is_answer);
  EXPECT_THROW(ask(wanted(), "large"), support::Error);
}

}  // namespace
}  // namespace envforge::resolve
