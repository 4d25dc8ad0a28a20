#include <envforge/app/build_image.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/app/load_recipe.hpp>
#include <envforge/render/render.hpp>
#include <envforge/support/error.hpp>

#include "support/app_world.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using support::Error;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::recipe_text;
using ::testing::StartsWith;

class BuildImage : public ::testing::Test {
 protected:
  BuildReport build(const std::string& more = "tags: [v1, \"{torch}\"]\n") {
    return build_image(at_.world(), at_.recipe(recipe_text("2.6", more)), options_);
  }
  Error failure(const std::string& more = "tags: [v1, \"{torch}\"]\n") {
    try {
      build(more);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kInternal, "it was built");
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> out;
    for (const auto& request : at_.engine.builds) out.push_back(request.target);
    return out;
  }
  json record() const { return json::parse(support::read_file(at_.path("env.build.json"))); }
  bool recorded() const { return fs::exists(at_.path("env.build.json")); }
  bool nothing_tagged() { return !at_.tagged("team/env:v1") && !at_.tagged("team/env:2.6.0"); }
  static engine::BuildResult failed(const std::string& step, const std::vector<std::string>& lines) {
    engine::BuildResult result;
    result.failed_step = step;
    result.last_lines = lines;
    return result;
  }

  AppWorld at_;
  BuildOptions options_ = [] {
    BuildOptions options;
    options.torch_group = false;
    return options;
  }();
};

TEST_F(BuildImage, ReadsTheVersionsFromInsideBeforeAnythingGetsATag) {
  const auto report = build();
  EXPECT_THAT(targets(), ElementsAre(std::string(render::kCheckTarget), std::string(render::kImageTarget)));
  EXPECT_TRUE(at_.tagged("team/env:v1"));
  EXPECT_TRUE(at_.tagged("team/env:2.6.0"));
  for (const auto& request : at_.engine.builds) EXPECT_THAT(request.tags, IsEmpty()) << "tags come after the checks";
  EXPECT_EQ(report.torch, "2.6.0+cu124");
  EXPECT_EQ(report.torch_cuda, "12.4");
  EXPECT_EQ(report.image_bytes, at_.image_bytes);
  EXPECT_EQ(report.wheels_checked, static_cast<int>(at_.written_lock().platforms.at("linux/amd64").wheels.size()));
  EXPECT_LE(report.largest.size(), 10U);
}

TEST_F(BuildImage, RecordsWhatWasBuiltBesideTheLock) {
  const auto report = build();
  const auto written = record();
  EXPECT_EQ(written, to_json(report));
  EXPECT_EQ(written["lock_digest"], documents::lock_digest(at_.written_lock()));
  EXPECT_EQ(written["config_digest"], report.image_id);
  EXPECT_EQ(written["tags"], (json{"team/env:v1", "team/env:2.6.0"}));
  EXPECT_THAT(written["base_tar_sha256"].get<std::string>(), ::testing::SizeIs(64));
  EXPECT_THAT(written["published"], IsEmpty()) << "it is in no registry and in no layout";
}

TEST_F(BuildImage, TheBaseIsMadeOnceAndThenTakenFromTheCache) {
  build();
  build("tags: [v1]\npackages: {apt: [git]}\n");
  EXPECT_EQ(at_.bases.requests.size(), 1U);
}

TEST_F(BuildImage, WhatIsInstalledAndNotLockedIsRefusedAndGetsNoTag) {
  at_.change_installed = [](json& installed) { installed["packages"][0]["version"] = "0.0.1"; };
  const auto error = failure();
  EXPECT_EQ(error.code(), ErrorCode::kInstalledDiffers);
  EXPECT_THAT(error.notes(), ElementsAre(HasSubstr("installed at 0.0.1")));
  EXPECT_THAT(targets(), ElementsAre(std::string(render::kCheckTarget))) << "the image itself is not even exported";
  EXPECT_TRUE(nothing_tagged());
  EXPECT_FALSE(recorded());
}

TEST_F(BuildImage, AnotherTorchInsideThanLockedIsRefused) {
  at_.change_installed = [](json& installed) { installed["torch"]["cuda"] = "12.6"; };
  EXPECT_EQ(failure().code(), ErrorCode::kInstalledDiffers);
  EXPECT_TRUE(nothing_tagged());
}

TEST_F(BuildImage, AnImageOverItsSizeGetsNoTagAndNamesTheLargestPackages) {
  at_.image_bytes = 7'000'000'000;
  const auto error = failure("tags: [v1]\nsize: {max: 6.5GB}\n");
  EXPECT_EQ(error.code(), ErrorCode::kImageTooLarge);
  EXPECT_THAT(error.message(), HasSubstr("6.5"));
  EXPECT_FALSE(error.notes().empty());
  EXPECT_TRUE(nothing_tagged());
  EXPECT_FALSE(recorded());
  at_.image_bytes = 6'500'000'000;
  EXPECT_NO_THROW(build("tags: [v1]\nsize: {max: 6.5GB}\n")) << "the limit itself is allowed";
}

TEST_F(BuildImage, AFailingStepIsToldWithItsLastLines) {
  at_.build_results[std::string(render::kCheckTarget)] = failed("[env 4/9] RUN uv pip install", {"a", "no route"});
  const auto error = failure();
  EXPECT_EQ(error.code(), ErrorCode::kBuildFailed);
  EXPECT_THAT(error.message(), HasSubstr("RUN uv pip install"));
  EXPECT_THAT(error.notes(), ElementsAre("a", "no route"));
  EXPECT_TRUE(nothing_tagged());
}

TEST_F(BuildImage, WhatTheEngineSaidOfAFailingStepIsToldAndADamagedCacheHasItsOwnWayOut) {
  auto result = failed("[env 2/9] COPY requirements /r", {});
  result.message = "failed to solve: failed to get layer sha256:0a: layer does not exist";
  at_.build_results[std::string(render::kCheckTarget)] = result;
  EXPECT_THAT(failure().notes(), ElementsAre("the engine said: " + result.message));
  EXPECT_THAT(failure().hint(), Not(HasSubstr("prune")));
  at_.build_results[std::string(render::kCheckTarget)].cache_damaged = true;
  EXPECT_THAT(failure().hint(), HasSubstr("`docker builder prune`"));
}

TEST_F(BuildImage, AnInterruptedBuildIsAnInterruptionAndLeavesNothing) {
  build("");
  const auto before = at_.files();
  engine::BuildResult interrupted;
  interrupted.interrupted = true;
  for (const auto& target : {render::kCheckTarget, render::kImageTarget}) {
    at_.build_results = {{std::string(target), interrupted}};
    const auto error = failure();
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
    EXPECT_EQ(support::exit_code(error.code()), support::ExitCode::kInterrupted);
    EXPECT_TRUE(nothing_tagged());
    EXPECT_EQ(at_.files(), before);
  }
}

TEST_F(BuildImage, AnInterruptedBaseLeavesNoHalfTar) {
  struct Interrupted : bases::BaseBuilder {
    void build(const bases::BaseRequest&, const std::string& tar) override {
      support::write_file_atomically(tar, "half");
      throw Error(ErrorCode::kInterrupted, "mmdebstrap was interrupted");
    }
  } bases;
  const auto& w = at_.world();
  World world{w.processes, w.engine, w.python, w.debs,       w.files,   bases,    w.knowledge,
              w.site,      w.events, w.now,    w.random_hex, w.version, w.commit, w.report_secret_path,
              w.cache_dir};
  try {
    build_image(world, at_.recipe(recipe_text("2.6")), options_);
    FAIL() << "it was built without a base";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  }
  EXPECT_THAT(at_.files(), Not(Contains(HasSubstr("cache/bases"))));
  EXPECT_THAT(at_.engine.builds, IsEmpty());
}

TEST_F(BuildImage, TooLittleDiskIsToldBeforeAnythingIsBuilt) {
  at_.engine.engine_info.free_bytes = 1'000'000;
  EXPECT_EQ(failure().code(), ErrorCode::kDiskFull);
  EXPECT_THAT(at_.engine.builds, IsEmpty());
}

TEST_F(BuildImage, WithoutAnEngineNothingIsLocked) {
  at_.engine.missing = Error(ErrorCode::kNoEngine, "no container engine answers");
  const auto error = failure();
  EXPECT_EQ(static_cast<int>(support::exit_code(error.code())), 6);
  EXPECT_THAT(at_.files(), ElementsAre("env.yaml"));
}

TEST_F(BuildImage, APlatformThatTheLockLacksIsRefused) {
  options_.platform = "linux/arm64";
  EXPECT_EQ(failure().code(), ErrorCode::kUsage);
  EXPECT_THAT(at_.engine.builds, IsEmpty());
}

TEST_F(BuildImage, APushedImageIsRecordedWithWhatTheRegistryHasOfIt) {
  options_.push = true;
  const auto report = build();
  EXPECT_THAT(at_.engine.pushes, ElementsAre("team/env:v1", "team/env:2.6.0"));
  ASSERT_EQ(report.published.size(), 2U);
  for (const auto& place : report.published) {
    EXPECT_EQ(at_.engine.registry_digest(place.where, "linux/amd64"), place.manifest_digest);
    EXPECT_EQ(place.index_digest, "") << "one platform, no index";
  }
  EXPECT_EQ(record()["published"][0]["manifest_digest"], report.published[0].manifest_digest);
}

TEST_F(BuildImage, APushedIndexAndTheManifestInItAreToldApart) {
  // A registry that has an index over two platforms under the name that was pushed.
  struct IndexEngine : testing::FakeEngine {
    std::optional<std::string> registry_digest(const std::string& reference, const std::string&) override {
      if (reference.find('@') == std::string::npos) return std::nullopt;  // a base: none
      return "sha256:" + std::string(64, 'a');
    }
  } engine;
  engine.on_build = at_.engine.on_build;
  options_.push = true;
  const auto& w = at_.world();
  World world{w.processes, engine,   w.python, w.debs,       w.files,   w.bases,  w.knowledge,
              w.site,      w.events, w.now,    w.random_hex, w.version, w.commit, w.report_secret_path,
              w.cache_dir};
  // The image is put into at_.engine by its builder; both must know it.
  engine.on_build = [&](const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) {
    auto result = at_.engine.on_build(request, on_event);
    if (!result.image_id.empty() && !engine.inspect_image(result.image_id))
      engine.add_image(result.image_id, *at_.engine.inspect_image(result.image_id));
    return result;
  };
  const auto report = build_image(world, at_.recipe(recipe_text("2.6", "tags: [v1]\n")), options_);
  ASSERT_EQ(report.published.size(), 1U);
  EXPECT_EQ(report.published[0].manifest_digest, "sha256:" + std::string(64, 'a'));
  EXPECT_THAT(report.published[0].index_digest, StartsWith("sha256:"));
  EXPECT_NE(report.published[0].index_digest, report.published[0].manifest_digest);
}

TEST_F(BuildImage, APushThatFailsLeavesTheTaggedImageAndItsRecord) {
  options_.push = true;
  const std::string text = recipe_text("2.6", "tags: [v1]\n");
  const std::string nowhere = std::string(text).replace(text.find("team/env"), 8, "127.0.0.1:1/env");
  try {
    build_image(at_.world(), at_.recipe(nowhere), options_);
    FAIL() << "nobody listens there";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPushFailed);
    EXPECT_THAT(error.message(), HasSubstr("connection refused"));
  }
  EXPECT_TRUE(at_.tagged("127.0.0.1:1/env:v1"));
  EXPECT_THAT(record()["published"], IsEmpty());
}

TEST_F(BuildImage, ARecipeWithoutTagsHasNothingToPush) {
  options_.push = true;
  const auto error = failure("");
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.hint(), HasSubstr("tags:"));
  EXPECT_THAT(at_.files(), ElementsAre("env.yaml"));
}

TEST_F(BuildImage, AnOciLayoutIsRecordedWithItsIndexAndNamedByTheTag) {
  options_.oci_dir = at_.path("layout");
  const auto report = build();
  ASSERT_EQ(report.published.size(), 1U);
  EXPECT_EQ(report.published[0].where, "oci-dir:" + at_.path("layout"));
  EXPECT_THAT(report.published[0].index_digest, StartsWith("sha256:"));
  EXPECT_THAT(report.published[0].manifest_digest, StartsWith("sha256:"));
  EXPECT_EQ(at_.engine.builds.back().tags.front(), "team/env:v1");
  EXPECT_EQ(record()["published"][0]["index_digest"], report.published[0].index_digest);
}

TEST_F(BuildImage, AFolderThatHoldsSomethingIsNoPlaceForALayout) {
  support::write_file_atomically(at_.path("layout/mine"), "x");
  options_.oci_dir = at_.path("layout");
  EXPECT_EQ(failure().code(), ErrorCode::kUsage);
  EXPECT_THAT(at_.engine.builds, IsEmpty()) << "told before minutes are spent";
}

TEST_F(BuildImage, TheTorchGroupIsCompiledOnceForATorch) {
  options_.torch_group = true;
  EXPECT_THAT(build().notes, IsEmpty());
  EXPECT_THAT(targets(), Contains(std::string(render::kTorchGroupTarget)));
  EXPECT_THAT(at_.files(), Contains(HasSubstr("cache/torch-groups/2.6.0+cu124-py3.11-amd64-")));
  at_.engine.builds.clear();
  build();
  EXPECT_THAT(targets(), Not(Contains(std::string(render::kTorchGroupTarget))));
}

TEST_F(BuildImage, ATorchGroupThatDoesNotCompileIsANoteAndNoFailure) {
  options_.torch_group = true;
  at_.build_results[std::string(render::kTorchGroupTarget)] = failed("[group 2/2] RUN build.sh", {"error: no torch"});
  const auto report = build();
  EXPECT_THAT(report.notes, Contains(HasSubstr("torch group could not be compiled")));
  EXPECT_THAT(report.notes, Contains("error: no torch"));
  EXPECT_TRUE(at_.tagged("team/env:v1"));
  EXPECT_THAT(at_.files(), Not(Contains(HasSubstr("cache/torch-groups"))));
}

TEST_F(BuildImage, WheelsOfAFolderAreInstalledWithoutANetwork) {
  support::TempDir wheels;
  at_.site.wheels_dir.value = wheels.path().string();
  const auto recipe = at_.recipe(recipe_text("2.6", "tags: [v1]\n"));
  lock_recipe(at_.world(), recipe, {});
  const auto lock = at_.written_lock();
  const auto missing = failure("tags: [v1]\n");
  EXPECT_EQ(missing.code(), ErrorCode::kWheelAbsent) << missing.message();
  for (const auto& wheel : lock.platforms.at("linux/amd64").wheels)
    support::write_file_atomically(wheels.path() / wheel.filename, wheel.name);
  build("tags: [v1]\n");
  for (const auto& request : at_.engine.builds) EXPECT_EQ(request.network, "none");
}

TEST_F(BuildImage, WhatASiteSharesEntersAsSecretsAndNotTheLock) {
  build();
  const std::string digest = documents::lock_digest(at_.written_lock());
  at_.site.ca_bundle.value = "/etc/ssl/ca.pem";
  at_.site.default_index.value = "https://user:word@mirror.example/simple";
  at_.engine.builds.clear();
  EXPECT_EQ(build().lock_digest, digest);
  for (const auto& request : at_.engine.builds) {
    EXPECT_EQ(request.secrets.at(std::string(render::kCaBundleSecret)), "/etc/ssl/ca.pem");
    EXPECT_EQ(request.secrets.count(std::string(render::kSiteSecret)), 1U);
    EXPECT_THAT(request.build_args, IsEmpty());
  }
  EXPECT_THAT(record().dump(), Not(HasSubstr("mirror.example")));
}

TEST_F(BuildImage, ARenderThatFailsLeavesNothingBehind) {
  const auto recipe = at_.recipe(recipe_text("2.6"));
  LockOptions frozen;
  lock_recipe(at_.world(), recipe, frozen);
  frozen.mode = LockMode::kFrozen;
  at_.debs.reachable = false;
  EXPECT_THROW(render_recipe(at_.world(), recipe, frozen, "", at_.path("context")), Error);
  EXPECT_FALSE(fs::exists(at_.path("context")));
  fs::create_directories(at_.path("mine"));
  EXPECT_THROW(render_recipe(at_.world(), recipe, frozen, "", at_.path("mine")), Error);
  EXPECT_TRUE(fs::is_empty(at_.path("mine"))) << "and the caller's own folder is his";
}

TEST_F(BuildImage, RenderedFilesBuildWithoutEnvforge) {
  const auto recipe = at_.recipe(recipe_text("2.6"));
  const auto files = render_recipe(at_.world(), recipe, {}, "", at_.path("context"));
  EXPECT_THAT(files, Contains("Dockerfile"));
  EXPECT_THAT(files, Contains("base.tar"));
  for (const auto& file : files) EXPECT_TRUE(fs::exists(at_.path("context/" + file))) << file;
  EXPECT_THROW(render_recipe(at_.world(), recipe, {}, "", at_.path("context")), Error) << "the folder is not empty";
  EXPECT_THAT(at_.engine.builds, IsEmpty());
}

}  // namespace
}  // namespace envforge::app
