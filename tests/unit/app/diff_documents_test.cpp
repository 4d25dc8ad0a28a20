#include <envforge/app/diff_documents.hpp>

#include <unistd.h>

#include <array>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/app/lock_recipe.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "app/known_locks.hpp"
#include "support/app_world.hpp"
#include "support/schema_check.hpp"

namespace envforge::app {
namespace {

using nlohmann::json;
using support::Error;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::recipe_text;

const std::string kEvidence = ENVFORGE_SOURCE_DIR "/docs/evidence/";

class DiffDocuments : public ::testing::Test {
 protected:
  documents::Lock locked(const std::string& torch, const std::string& more = {}) {
    return lock_recipe(at_.world(), at_.recipe(recipe_text(torch, more)), {}).lock;
  }
  std::string file(const std::string& name, const std::string& text) {
    support::write_file_atomically(at_.path(name), text);
    return at_.path(name);
  }
  std::string lock_file(const std::string& name, const documents::Lock& lock) {
    return file(name, documents::write_lock(lock));
  }
  json answer(const std::string& a, const std::string& b) {
    return json::parse(diff_documents(at_.world(), a, b).json);
  }
  Error failure(const std::string& a, const std::string& b) {
    try {
      diff_documents(at_.world(), a, b);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kInternal, "they were compared");
  }
  void add_image(const std::string& tag, const documents::Lock& lock, std::uint64_t bytes) {
    const auto& platform = lock.platforms.begin()->second;
    engine::ImageInfo info;
    info.id = "sha256:" + tag;
    info.os = "linux";
    info.architecture = "amd64";
    info.bytes = bytes;
    info.labels = {{"dev.envforge.lock-digest", documents::lock_digest(lock)},
                   {"dev.envforge.torch", platform.torch},
                   {"dev.envforge.cuda", platform.cuda},
                   {"dev.envforge.cuda-variant", platform.cuda_variant},
                   {"dev.envforge.python", platform.python}};
    at_.engine.add_image(tag, info);
  }
  static const json* named(const json& rows, const std::string& name) {
    for (const auto& row : rows) {
      if (row.at("name") == name) return &row;
    }
    return nullptr;
  }
  static const json& group(const json& diff, const std::string& title) {
    for (const auto& group : diff.at("platforms").at("linux/amd64").at("packages")) {
      if (group.at("title") == title) return group;
    }
    throw std::out_of_range(title);
  }

  AppWorld at_;
};

TEST_F(DiffDocuments, WhatAShellHandsOverAsAPipeIsReadOnce) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const std::string text = recipe_text("2.6");
  ASSERT_EQ(::write(pipe[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(pipe[1]);
  const json diff = answer("/dev/fd/" + std::to_string(pipe[0]), file("now.yaml", recipe_text("2.7")));
  ::close(pipe[0]);
  EXPECT_EQ(diff["kind"], "recipe");
  EXPECT_THAT(diff.dump(), HasSubstr("2.7"));
  EXPECT_EQ(failure(at_.path("."), "/dev/null").code(), ErrorCode::kUsage);
}

TEST_F(DiffDocuments, OfTwoLocksNamesEveryPackageThatChangedInItsGroup) {
  const auto old = lock_file("old.lock", locked("2.6", "packages: {pip: [numpy==2.1.0], apt: [git]}\n"));
  const auto now = lock_file("new.lock", locked("2.6", "packages: {pip: [numpy==2.2.0], apt: [tmux]}\n"));
  const auto diff = answer(old, now);
  const auto& asked = group(diff, "asked for");
  ASSERT_EQ(asked["changed"].size(), 1U) << asked;
  EXPECT_EQ(asked["changed"][0]["name"], "numpy");
  EXPECT_EQ(asked["changed"][0]["before"], "2.1.0");
  EXPECT_EQ(asked["changed"][0]["after"], "2.2.0");
  EXPECT_TRUE(group(diff, "torch and CUDA's libraries")["changed"].empty());
  const auto& debs = group(diff, "Debian packages")["changed"];
  ASSERT_NE(named(debs, "git"), nullptr);
  EXPECT_EQ((*named(debs, "git"))["after"], "");
  ASSERT_NE(named(debs, "tmux"), nullptr);
  EXPECT_EQ((*named(debs, "tmux"))["before"], "");
}

TEST_F(DiffDocuments, AFileOfTheSameVersionThatHasOtherBytesIsAChange) {
  auto lock = locked("2.6", "packages: {pip: [numpy]}\n");
  const auto old = lock_file("old.lock", lock);
  for (auto& wheel : lock.platforms.begin()->second.wheels) {
    if (wheel.name == "numpy") wheel.sha256 = std::string(64, 'f');
  }
  const auto diff = answer(old, lock_file("new.lock", lock));
  EXPECT_THAT(group(diff, "asked for")["changed"][0]["after"].get<std::string>(), HasSubstr("ffffffffffff"));
}

TEST_F(DiffDocuments, ALibraryKeepsItsRowWhenItsWheelLosesTheCudaMajorFromItsName) {
  auto lock = locked("2.6");
  auto& wheels = lock.platforms.begin()->second.wheels;
  wheels.push_back(wheels.front());
  wheels.back().name = "nvidia-cublas-cu12";
  wheels.back().version = "12.4.5.8";
  wheels.back().heavy = true;
  const auto old = lock_file("old.lock", lock);
  wheels.back().name = "nvidia-cublas";
  wheels.back().version = "13.1.1.3";
  const auto diff = answer(old, lock_file("new.lock", lock));
  const auto& changed = group(diff, "torch and CUDA's libraries")["changed"];
  ASSERT_EQ(changed.size(), 1U) << changed;
  EXPECT_EQ(changed[0]["before"], "12.4.5.8 (nvidia-cublas-cu12)");
  EXPECT_EQ(changed[0]["after"], "13.1.1.3");
}

TEST_F(DiffDocuments, SaysWhichPoolsGpusAndDriversLoseAndGain) {
  const auto recipe = [&](const std::string& name, const std::string& torch) {
    return file(name,
                "schema: envforge/recipe/v1\nimage: team/env\ntarget:\n"
                "  - {name: volta, gpus: V100, driver: \"535.183.06\"}\n"
                "  - {name: hopper, gpus: H100, driver: \"590.44.01\"}\n"
                "torch: " +
                    torch + "\n");
  };
  // Only Hopper is asked for in the later recipe, or there would be no answer.
  const auto old = recipe("old.yaml", "\"2.6\"");
  const auto now = file("new.yaml",
                        "schema: envforge/recipe/v1\nimage: team/env\n"
                        "target: [{name: hopper, gpus: H100, driver: \"590.44.01\"}]\n"
                        "torch: {version: \"2.12.1\", cuda: cu130}\n");
  const auto diff = answer(old, now);
  EXPECT_EQ(diff["kind"], "recipe");
  const auto* volta = named(diff["pools"], "volta");
  ASSERT_NE(volta, nullptr) << diff["pools"];
  EXPECT_EQ((*volta)["runs_before"], "yes");
  EXPECT_EQ((*volta)["runs_after"], "no");
  EXPECT_THAT((*volta)["reasons"].dump(), HasSubstr("535.183.06 is older"));
  const auto* hopper = named(diff["pools"], "hopper");
  ASSERT_NE(hopper, nullptr);
  EXPECT_EQ((*hopper)["runs_after"], "yes");
  ASSERT_NE(named(diff["gpus"], "sm_70"), nullptr);
  EXPECT_EQ((*named(diff["gpus"], "sm_70"))["runs_after"], "no");
  ASSERT_NE(named(diff["gpus"], "sm_120"), nullptr);
  EXPECT_EQ((*named(diff["gpus"], "sm_120"))["runs_after"], "yes");
  EXPECT_EQ(named(diff["gpus"], "sm_90"), nullptr) << "nothing changes for it";
  EXPECT_EQ(named(diff["gpus"], "sm_121"), nullptr) << "no machine with an amd64 processor has it";
  EXPECT_NE(named(diff["gpus"], "sm_75"), nullptr) << "it runs, but the linear algebra library lost its code";
  ASSERT_NE(named(diff["drivers"], "R550"), nullptr);
  EXPECT_EQ((*named(diff["drivers"], "R550"))["runs_after"], "no");
  EXPECT_EQ(named(diff["drivers"], "R590"), nullptr);
  const auto& code = diff["platforms"]["linux/amd64"]["machine_code"];
  EXPECT_THAT(code["removed"].get<std::vector<std::string>>(), ElementsAre("sm_50", "sm_60", "sm_70"));
  EXPECT_THAT(code["added"].get<std::vector<std::string>>(), ElementsAre("sm_100", "sm_120"));
}

TEST_F(DiffDocuments, AWheelThatWasBuiltForOneGpuTakesTheOthersAwayThoughTorchHasTheirCode) {
  auto lock = locked("2.6");
  lock.spec.pools.at(0).gpus = {{"A100", {}}};
  const auto old = lock_file("old.lock", lock);
  lock.spec.build = {{{"ops @ ./ops", {}}, std::nullopt, {}}};
  lock.platforms.begin()->second.builds = {{"ops", "ops @ ./ops", "", "", std::string(64, 'a'), {}, {"sm_80"}, {}, {}}};
  const auto diff = answer(old, lock_file("new.lock", lock));
  const auto* hopper = named(diff["gpus"], "sm_90");
  ASSERT_NE(hopper, nullptr) << diff["gpus"];
  EXPECT_EQ((*hopper)["runs_before"], "yes");
  EXPECT_EQ((*hopper)["runs_after"], "no");
  EXPECT_THAT((*hopper)["reasons"].dump(), HasSubstr("the wheel of ops is built with machine code for sm_80"));
  EXPECT_EQ(named(diff["gpus"], "sm_80"), nullptr) << "nothing changes for it";
  EXPECT_EQ(diff["pools"].at(0)["runs_after"], "yes") << diff["pools"];
  // Built for a pool that asks for it: the others need none of it.
  lock.spec.build.at(0).pools = {lock.spec.pools.at(0).name};
  lock.spec.pools.at(0).gpus = {{"H100", {}}};
  const auto of_pool = answer(old, lock_file("pool.lock", lock));
  EXPECT_EQ(named(of_pool["gpus"], "sm_90"), nullptr) << of_pool["gpus"];
  EXPECT_EQ(of_pool["pools"].at(0)["runs_after"], "no") << of_pool["pools"];
}

TEST_F(DiffDocuments, OfTwoRecipesOneWithoutAnswerItSaysWhy) {
  const auto good = file("good.yaml", recipe_text("2.6"));
  const auto bad = file("bad.yaml", recipe_text("99.1"));
  const auto diff = diff_documents(at_.world(), good, bad);
  EXPECT_THAT(diff.text, HasSubstr("torch.version 2.6 -> 99.1"));
  EXPECT_THAT(diff.text, HasSubstr("no version set is known to satisfy the recipe"));
  EXPECT_THAT(diff.text, Not(HasSubstr("For whom")));
  EXPECT_FALSE(json::parse(diff.json)["b"]["conflict"].empty());
}

TEST_F(DiffDocuments, OfRecipesTellsAlsoHowTheyAreRun) {
  const auto diff =
      answer(file("a.yaml", recipe_text("2.6")), file("b.yaml", recipe_text("2.6", "run: {shm: 16g}\ntags: [v1]\n")));
  EXPECT_TRUE(diff["recipe"].empty());
  ASSERT_EQ(diff["usage"].size(), 2U) << diff["usage"];
  EXPECT_EQ(diff["usage"][0]["what"], "run.shm");
}

TEST_F(DiffDocuments, TwoEqualLocksMakeTheSameImage) {
  const auto lock = lock_file("a.lock", locked("2.6"));
  EXPECT_THAT(diff_documents(at_.world(), lock, lock).text, HasSubstr("both make the same image"));
}

TEST_F(DiffDocuments, AnImageIsComparedByTheLockThatIsKeptForItsLabel) {
  const auto old = locked("2.6", "packages: {pip: [numpy==2.1.0]}\n");
  const auto now = locked("2.6", "packages: {pip: [numpy==2.2.0]}\n");
  keep_lock(at_.world(), old);
  keep_lock(at_.world(), now);
  add_image("team/env:1", old, 5'000'000'000);
  add_image("team/env:2", now, 5'200'000'000);
  const auto diff = diff_documents(at_.world(), "team/env:1", "team/env:2");
  EXPECT_EQ(group(json::parse(diff.json), "asked for")["changed"][0]["after"], "2.2.0");
  EXPECT_THAT(diff.text, HasSubstr("5.00 GB -> 5.20 GB (+200 MB)"));
}

TEST_F(DiffDocuments, AnImageWhoseLockIsNotHereIsComparedByItsLabelsAndThatIsSaid) {
  add_image("team/env:1", locked("2.6"), 5'000'000'000);
  add_image("team/env:2", locked("2.7"), 5'200'000'000);
  const auto diff = diff_documents(at_.world(), "team/env:1", "team/env:2");
  EXPECT_THAT(diff.text, HasSubstr("2.6.0 -> 2.7."));
  EXPECT_THAT(diff.text, Not(HasSubstr("Packages")));
  EXPECT_FALSE(json::parse(diff.json)["a"]["packages_known"].get<bool>());
  EXPECT_THAT(at_.events.notes, ElementsAre(HasSubstr("only the labels")));
}

TEST_F(DiffDocuments, OfALockAndLabelsOnlyWhatLabelsHoldIsCompared) {
  const auto old = locked("2.6", "packages: {pip: [numpy==2.1.0]}\nenvironment: {A: b}\n"), now = locked("2.7");
  keep_lock(at_.world(), now);
  add_image("team/env:1", old, 5'000'000'000);
  add_image("team/env:2", now, 5'200'000'000);
  for (const auto& diff : {diff_documents(at_.world(), "team/env:1", "team/env:2"),
                           diff_documents(at_.world(), "team/env:2", "team/env:1")}) {
    for (const char* unknown : {"C++ ABI", "glibc", "GPU architectures", "NVIDIA_REQUIRE_CUDA", "exclude_newer",
                                "Made from", "numpy", "environment", "(none)", "@"})
      EXPECT_THAT(diff.text, Not(HasSubstr(unknown))) << diff.text;
    EXPECT_THAT(diff.text, HasSubstr("2.6.0"));
    EXPECT_THAT(diff.text, HasSubstr("pool")) << "the known recipe's machines";
  }
  const auto diff = diff_documents(at_.world(), "team/env:1", "team/env:2").text;
  EXPECT_THAT(diff, ::testing::ContainsRegex("cuDNN +not known -> ")) << "the image has no label of it";
}

TEST_F(DiffDocuments, AnImageThatEnvforgeDidNotBuildIsRefused) {
  engine::ImageInfo info;
  info.id = "sha256:other";
  info.labels = {{"dev.envforge.torch", "; rm -rf /"}};
  at_.engine.add_image("other:1", info);
  EXPECT_THAT(failure("other:1", "other:1").message(), HasSubstr("has no label that names its torch"));
}

TEST_F(DiffDocuments, MixedKindsAreAnErrorThatNamesBoth) {
  const auto lock = lock_file("a.lock", locked("2.6"));
  const auto error = failure(lock, kEvidence + "h200-x1-quick.json");
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("envforge/lock"));
  EXPECT_THAT(error.message(), HasSubstr("envforge/sealed-report"));
  add_image("team/env:1", locked("2.6"), 1);
  EXPECT_THAT(failure("team/env:1", lock).message(), HasSubstr("an image"));
}

TEST_F(DiffDocuments, WhatIsNeitherFileNorImageIsNamed) {
  EXPECT_EQ(failure("team/absent:1", "team/absent:2").code(), ErrorCode::kImageAbsent);
  EXPECT_EQ(failure(at_.path("absent.lock"), at_.path("b.lock")).code(), ErrorCode::kFileUnreadable);
  EXPECT_EQ(failure(at_.path(""), at_.path("")).code(), ErrorCode::kUsage) << "a folder";
  const auto none = file("none.json", "{\"schema\": \"envforge/other\"}");
  EXPECT_EQ(failure(none, none).message(), "envforge diff does not compare documents of the kind 'envforge/other'");
}

TEST_F(DiffDocuments, ABrokenLockIsToldOfAsALock) {
  std::string text = documents::write_lock(locked("2.6"));
  text.insert(text.find('{') + 1, "\"schema\": \"envforge/lock\",");
  const auto twice = file("twice.lock", text), cut = file("cut.lock", text.substr(0, text.size() / 2));
  const auto whole = documents::write_lock(locked("2.6"));
  const auto begun = file("begun.lock", whole.substr(0, 40)), empty = file("empty.lock", "");
  for (const auto& name : {twice, cut, begun, empty})
    EXPECT_EQ(failure(name, name).code(), ErrorCode::kLockMalformed) << name;
  EXPECT_THAT(failure(begun, begun).hint(), HasSubstr("envforge lock"));
  EXPECT_THAT(failure(empty, empty).message(), HasSubstr("empty"));
}

TEST_F(DiffDocuments, AByteOrderMarkMakesNoRecipeOfALock) {
  const auto text = documents::write_lock(locked("2.6"));
  const auto plain = file("plain.lock", text), marked = file("marked.lock", "\xEF\xBB\xBF" + text);
  EXPECT_THAT(diff_documents(at_.world(), plain, marked).text, HasSubstr("the same: both make the same image"));
}

TEST_F(DiffDocuments, TwoReportsOfDifferentMachinesAreComparedByTheirKind) {
  const auto diff =
      diff_documents(at_.world(), kEvidence + "h200-x1-standard.json", kEvidence + "h200-x2-standard.json");
  EXPECT_THAT(diff.text, HasSubstr("1 x NVIDIA H200"));
  EXPECT_THAT(diff.text, HasSubstr("2 x NVIDIA H200"));
  EXPECT_EQ(json::parse(diff.json)["schema"], "envforge/report-diff");
}

TEST_F(DiffDocuments, ThePublishedSchemaTakesTheAnswersAndRefusesWhatWasChanged) {
  if (envforge::testing::no_schema_program()) return;
  const auto old = lock_file("old.lock", locked("2.6", "packages: {pip: [numpy==2.1.0], apt: [git]}\n"));
  const auto now = lock_file("new.lock", locked("2.7"));
  const auto whole = answer(old, now);
  const std::map<std::string, std::function<void(json&)>> changes = {
      {"whole-lock", [](json&) {}},
      {"whole-recipe",
       [&](json& d) { d = answer(file("a.yaml", recipe_text("2.6")), file("b.yaml", recipe_text("99"))); }},
      {"unknown-key", [](json& d) { d["extra"] = 1; }},
      {"missing-key", [](json& d) { d.erase("pools"); }},
      {"unknown-kind", [](json& d) { d["kind"] = "report"; }},
      {"maybe-runs", [](json& d) { d["pools"][0]["runs_after"] = "maybe"; }},
      {"negative-bytes", [](json& d) { d["platforms"]["linux/amd64"]["wheels"]["after"]["bytes"] = -1; }}};
  envforge::testing::Texts texts;
  for (const auto& [name, change] : changes) {
    json document = whole;
    change(document);
    texts[name + ".json"] = document.dump();
  }
  const auto refused = envforge::testing::refused_by_schema("lock-diff-v1.schema.json", texts);
  for (const auto& [name, change] : changes) {
    EXPECT_EQ(refused.count(name + ".json") == 1, !support::starts_with(name, "whole-")) << name;
  }
}

}  // namespace
}  // namespace envforge::app
