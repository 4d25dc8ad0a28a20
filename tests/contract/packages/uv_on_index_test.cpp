// uv itself on an index of our own: what only the real twin can show.
#include <chrono>
#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/packages/uv_resolver.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/python_index.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using packages::PythonConflict;
using packages::PythonRequest;
using packages::ResolvedWheel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class UvOnIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (runner_.find_programs("uv").empty()) {
      cannot_run("uv", "it is not on PATH");
      return;
    }
  }
  void serve(PythonIndexServer::Indexes indexes, const std::string& upload_time = "2025-01-01T00:00:00Z") {
    server_ = std::make_unique<PythonIndexServer>(std::move(indexes), upload_time);
  }
  PythonRequest request(std::vector<std::string> requirements) const {
    PythonRequest request;
    request.python_version = "3.11";
    request.platform = "linux/amd64";
    request.glibc = "2.36";
    request.requirements = std::move(requirements);
    if (server_) request.default_index = server_->url("pypi");
    return request;
  }
  std::variant<std::vector<ResolvedWheel>, PythonConflict> resolve(const PythonRequest& request) {
    return packages::UvResolver(runner_, {(folder_.path() / "cache").string(), "", deadline_}).resolve(request);
  }
  std::vector<std::string> files(const PythonRequest& request) {
    auto answer = resolve(request);
    std::vector<std::string> names;
    if (const auto* conflict = std::get_if<PythonConflict>(&answer)) return conflict->lines;
    for (const ResolvedWheel& wheel : std::get<0>(answer)) names.push_back(wheel.filename);
    return names;
  }
  PythonConflict conflict(const PythonRequest& request) {
    auto answer = resolve(request);
    if (auto* conflict = std::get_if<PythonConflict>(&answer)) return *conflict;
    ADD_FAILURE() << "no conflict";
    return {};
  }
  void put(const PackageFile& file) {
    support::write_file_atomically(folder_.path() / "wheels" / file.filename, file.bytes);
  }

  process::PosixProcessRunner runner_;
  support::TempDir folder_;
  std::chrono::milliseconds deadline_ = std::chrono::minutes(1);
  std::unique_ptr<PythonIndexServer> server_;
};

TEST_F(UvOnIndexTest, TakesOnlyWheelsThatTheGlibcOfTheBaseCanLoad) {
  serve({{"pypi",
          {make_wheel({"fast", "2.0", "cp311-cp311-manylinux_2_39_x86_64"}),
           make_wheel({"fast", "1.0", "cp311-cp311-manylinux_2_28_x86_64"}),
           make_wheel({"fast", "3.0", "cp311-cp311-manylinux_2_28_aarch64"})}}});
  EXPECT_THAT(files(request({"fast"})), ElementsAre("fast-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"));
  PythonRequest newer = request({"fast"});
  newer.glibc = "2.39";
  EXPECT_THAT(files(newer), ElementsAre("fast-2.0-cp311-cp311-manylinux_2_39_x86_64.whl"));
  newer.platform = "linux/arm64";
  EXPECT_THAT(files(newer), ElementsAre("fast-3.0-cp311-cp311-manylinux_2_28_aarch64.whl"));
}

// The lock names one file of each package. If our order of tags were not uv's, the lock would name a file that an
// installer passes over; so uv installs from each folder here, and the tag that it installed must be the one we chose.
TEST_F(UvOnIndexTest, ChoosesTheFileThatUvItselfInstalls) {
  const std::vector<std::string> tags = {"py3-none-any",
                                         "py311-none-any",
                                         "py30-none-any",
                                         "cp311-none-any",
                                         "py3-none-manylinux_2_17_x86_64",
                                         "py310-none-manylinux_2_28_x86_64",
                                         "cp37-abi3-manylinux_2_28_x86_64",
                                         "cp311-none-manylinux_2_36_x86_64",
                                         "cp311-abi3-manylinux_2_17_x86_64",
                                         "cp310-abi3-manylinux_2_28_x86_64",
                                         "cp311-none-manylinux_2_28_x86_64",
                                         "cp311-cp311-linux_x86_64",
                                         "cp311-cp311-manylinux1_x86_64",
                                         "cp311-cp311-manylinux2014_x86_64",
                                         "cp311-cp311-manylinux_2_17_x86_64",
                                         "cp311-cp311-manylinux_2_28_x86_64",
                                         "cp311-cp311-manylinux_2_36_x86_64"};
  const fs::path wheels = folder_.path() / "wheels";
  for (const std::string& tag : tags) put(make_wheel({"many", "1.0", tag, {}, {{"many/tag", tag}}}));
  PythonRequest asked = request({"many"});
  asked.wheels_dir = wheels.string();
  for (std::size_t left = tags.size(); left > 0; --left) {  // the best is installed and taken away, then the next best
    const fs::path target = folder_.path() / ("target-" + std::to_string(left));
    process::Command install;
    install.argv = {"uv",
                    "pip",
                    "install",
                    "--no-config",
                    "--quiet",
                    "--no-index",
                    "--python-version=3.11",
                    "--no-python-downloads",
                    "--python-platform=x86_64-manylinux_2_36",
                    "--link-mode=copy",
                    "--cache-dir=" + (folder_.path() / "cache").string(),
                    "--find-links=" + wheels.string(),
                    "--target=" + target.string(),
                    "many"};
    const process::Outcome outcome = runner_.run(install);
    ASSERT_TRUE(outcome.ok()) << outcome.err;
    const std::string installed = "many-1.0-" + support::read_file(target / "many" / "tag") + ".whl";
    EXPECT_THAT(files(asked), ElementsAre(installed));
    ASSERT_TRUE(fs::remove(wheels / installed));
  }
}

TEST_F(UvOnIndexTest, SaysWhichWheelsAPackageHasThatAPythonWithoutAGilCannotLoad) {
  serve({{"pypi",
          {make_wheel({"bound", "1.0", "cp39-abi3-manylinux_2_28_x86_64"}),
           make_sdist("bound", "1.0", "raise SystemExit")}}});
  PythonRequest asked = request({"bound"});
  asked.python_version = "3.13t";
  const PythonConflict answer = conflict(asked);
  EXPECT_EQ(answer.package, "bound");
  EXPECT_THAT(answer.lines, ::testing::Contains("bound 1.0 has a wheel for Python 3.13 "
                                                "(bound-1.0-cp39-abi3-manylinux_2_28_x86_64.whl) and none that Python "
                                                "3.13t loads"));
  EXPECT_THAT(answer.hint, HasSubstr("python: \"3.13\""));
}

TEST_F(UvOnIndexTest, NeverRunsTheCodeOfASourceDistribution) {
  const fs::path witness = folder_.path() / "witness";
  const std::string code = "open('" + witness.string() + "', 'w').write('ran')";
  serve({{"pypi", {make_sdist("evil", "1.0", code), make_wheel({"wants-evil", "1.0", "py3-none-any", {"evil"}})}}});
  for (const char* requirement : {"evil", "wants-evil", "evil==1.0"}) {
    const PythonConflict answer = conflict(request({requirement}));
    EXPECT_EQ(answer.kind, PythonConflict::Kind::kNeedsBuild);
    EXPECT_EQ(answer.package, "evil");
    EXPECT_THAT(answer.hint, HasSubstr("--wheels DIR"));
    EXPECT_FALSE(fs::exists(witness));
  }
}

TEST_F(UvOnIndexTest, NeverRunsTheCodeOfASourceDistributionInAFolder) {
  const fs::path witness = folder_.path() / "witness";
  put(make_sdist("evil", "1.0", "open('" + witness.string() + "', 'w').write('ran')"));
  PythonRequest asked = request({"evil"});
  asked.wheels_dir = (folder_.path() / "wheels").string();
  EXPECT_EQ(conflict(asked).kind, PythonConflict::Kind::kNeedsBuild);
  EXPECT_FALSE(fs::exists(witness));
}

TEST_F(UvOnIndexTest, AnAddressInsteadOfANameIsRefusedBeforeUvRuns) {
  const fs::path project = folder_.path() / "project";
  support::write_file_atomically(project / "setup.py", "open('" + (folder_.path() / "witness").string() + "', 'w')");
  for (const std::string& requirement :
       {"evil @ file://" + project.string(), project.string(), std::string("git+https://example.org/x"),
        std::string("./wheels/a.whl"), std::string("evil @ https://example.org/evil-1.0-py3-none-any.whl"),
        std::string("-e ."), std::string("--index-url=http://x"), std::string("numpy\", \"evil"),
        std::string("numpy\n[tool.uv]"), std::string("num py>=2"), std::string("")}) {
    const PythonConflict answer = conflict(request({requirement}));
    ASSERT_FALSE(answer.lines.empty());
    EXPECT_THAT(answer.lines.front(), HasSubstr("cannot be locked")) << requirement;
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "witness"));
}

TEST_F(UvOnIndexTest, AFolderIsTheOnlySourceAndItsFilesAreHashedFromDisk) {
  serve({{"pypi", {make_wheel({"numpy", "9.0"})}}});
  const PackageFile torch = make_wheel({"torch", "2.11.0", "cp311-cp311-linux_x86_64", {"numpy"}});
  put(torch);
  put(make_wheel({"numpy", "2.1.0"}));
  PythonRequest asked = request({"torch==2.11.0"});
  asked.wheels_dir = (folder_.path() / "wheels").string();
  asked.exclude_newer = "2020-01-01T00:00:00Z";  // the folder is the cutoff
  const auto answer = std::get<0>(resolve(asked));
  ASSERT_EQ(answer.size(), 2U);
  EXPECT_EQ(answer[0].version, "2.1.0");
  EXPECT_EQ(answer[1].filename, torch.filename);
  EXPECT_EQ(answer[1].sha256, support::sha256_hex(torch.bytes));
  EXPECT_EQ(answer[1].size, torch.bytes.size());
  EXPECT_EQ(answer[1].index, "folder");
  EXPECT_TRUE(server_->requests().empty()) << "a folder was given, yet the index was asked";
  // The same name with other bytes is another wheel, even in the same second and with a warm cache.
  const PackageFile changed =
      make_wheel({"torch", "2.11.0", "cp311-cp311-linux_x86_64", {"numpy"}, {{"torch/x.py", "1"}}});
  put(changed);
  EXPECT_EQ(std::get<0>(resolve(asked))[1].sha256, support::sha256_hex(changed.bytes));
}

TEST_F(UvOnIndexTest, APackageThatTheFolderLacksIsNamedWithTheFolder) {
  put(make_wheel({"torch", "2.11.0", "cp311-cp311-linux_x86_64", {"numpy"}}));
  PythonRequest asked = request({"torch"});
  asked.wheels_dir = (folder_.path() / "wheels").string();
  const PythonConflict answer = conflict(asked);
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kNoSuchPackage);
  EXPECT_EQ(answer.package, "numpy");
  EXPECT_THAT(answer.hint, HasSubstr(asked.wheels_dir));
}

TEST_F(UvOnIndexTest, TheCutoffHidesNewerFilesExceptThoseOfExplicitIndexes) {
  serve({{"pypi", {make_wheel({"numpy", "2.1.0"})}},
         {"cu118", {make_wheel({"torch", "2.6.0+cu118", "cp311-cp311-linux_x86_64"})}}},
        "2026-06-01T00:00:00Z");
  PythonRequest asked = request({"numpy"});
  asked.exclude_newer = "2026-01-01T00:00:00Z";
  const PythonConflict answer = conflict(asked);
  EXPECT_EQ(answer.package, "numpy");
  EXPECT_THAT(answer.hint, HasSubstr("2026-01-01T00:00:00Z"));
  asked.requirements = {};
  asked.pins = {"torch==2.6.0+cu118"};
  asked.indexes = {{"cu118", server_->url("cu118"), ""}};
  asked.pin_index = {{"torch", "cu118"}};
  EXPECT_THAT(files(asked), ElementsAre("torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl"));
}

TEST_F(UvOnIndexTest, AnIndexWithoutUploadDatesIsToldApartFromAMissingPackage) {
  serve({{"pypi", {make_wheel({"numpy", "2.1.0"})}}}, "");
  PythonRequest asked = request({"numpy"});
  asked.exclude_newer = "2026-01-01T00:00:00Z";
  EXPECT_THAT(conflict(asked).hint, HasSubstr("gives no upload dates"));
  asked.exclude_newer = "";
  EXPECT_THAT(files(asked), ElementsAre("numpy-2.1.0-py3-none-any.whl"));
}

TEST_F(UvOnIndexTest, ALocalVersionIsFoundByItsPublicVersion) {
  serve({{"pypi", {make_wheel({"torch", "2.6.0", "cp311-cp311-manylinux1_x86_64"})}},
         {"cu118", {make_wheel({"torch", "2.6.0+cu118", "cp311-cp311-linux_x86_64"})}}});
  PythonRequest asked = request({});
  asked.indexes = {{"cu118", "https://download.pytorch.org/whl/cu118", server_->url("cu118")}};
  asked.pin_index = {{"torch", "cu118"}};
  for (const char* pin : {"torch==2.6.0", "torch==2.6.0+cu118"}) {
    asked.pins = {pin};
    const auto answer = std::get<0>(resolve(asked));
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_EQ(answer[0].version, "2.6.0+cu118");
    EXPECT_EQ(answer[0].index, "https://download.pytorch.org/whl/cu118")
        << "the lock names the index, not the site's mirror";
  }
}

TEST_F(UvOnIndexTest, AConflictSpeaksOfTheRecipeAndOfOurOwnChoice) {
  serve({{"pypi",
          {make_wheel({"torch", "2.6.0", "cp311-cp311-manylinux1_x86_64"}),
           make_wheel({"torch", "2.7.0", "cp311-cp311-manylinux1_x86_64"}),
           make_wheel({"trainer", "1.0", "py3-none-any", {"torch>=2.7"}})}}});
  PythonRequest asked = request({"trainer"});
  asked.pins = {"torch==2.6.0"};
  const PythonConflict answer = conflict(asked);
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kUnsatisfiable);
  const std::string text = support::join(answer.lines, "\n");
  EXPECT_THAT(text, HasSubstr("the recipe asks for torch==2.6.0"));
  EXPECT_THAT(text, HasSubstr("trainer depend"));
  EXPECT_THAT(text, HasSubstr("torch==2.6.0 is envforge's own choice"));
  EXPECT_THAT(text, Not(HasSubstr("the-recipe")));
}

TEST_F(UvOnIndexTest, AnIndexThatRefusesConnectionsIsUnreachable) {
  std::string dead;
  {
    dead = LoopbackServer([](const std::string&) { return HttpAnswer{}; }).url();
  }
  PythonRequest asked = request({"numpy"});
  asked.default_index = dead + "/simple";
  const PythonConflict answer = conflict(asked);
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kIndexUnreachable);
  EXPECT_THAT(support::join(answer.lines, "\n"), HasSubstr(dead));
  EXPECT_EQ(answer.package, "numpy");
}

TEST_F(UvOnIndexTest, AnIndexThatNeverAnswersEndsWithTheDeadline) {
  const support::TempDir marker;
  std::atomic<bool> done{false};
  LoopbackServer slow([&](const std::string&) {
    while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return HttpAnswer{};
  });
  PythonRequest asked = request({"numpy"});
  asked.default_index = slow.url() + "/simple";
  deadline_ = std::chrono::milliseconds(1500);
  const PythonConflict answer = conflict(asked);
  done = true;
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kIndexUnreachable);
}

TEST_F(UvOnIndexTest, SettingsOfTheUserAndOfFoldersAboveDoNotReachUv) {
  serve({{"pypi", {make_wheel({"numpy", "2.1.0"})}}, {"evil", {make_wheel({"numpy", "99.0"})}}});
  ::setenv("UV_INDEX", server_->url("evil").c_str(), 1);
  ::setenv("UV_EXTRA_INDEX_URL", server_->url("evil").c_str(), 1);
  ::setenv("TMPDIR", folder_.path().c_str(), 1);
  support::write_file_atomically(folder_.path() / "uv.toml", "index-url = \"" + server_->url("evil") + "\"\n");
  support::write_file_atomically(
      folder_.path() / "pyproject.toml",
      "[project]\nname = \"a\"\nversion = \"0\"\n[tool.uv.workspace]\nmembers = [\"envforge-*\"]\n"
      "[[tool.uv.index]]\nurl = \"" +
          server_->url("evil") + "\"\n[tool.uv.sources]\nnumpy = { path = \"/nowhere\" }\n");
  EXPECT_THAT(files(request({"numpy"})), ElementsAre("numpy-2.1.0-py3-none-any.whl"));
  ::unsetenv("UV_INDEX");
  ::unsetenv("UV_EXTRA_INDEX_URL");
  ::unsetenv("TMPDIR");
}

TEST_F(UvOnIndexTest, AToolWithOtherBytesThanTheLockIsRefused) {
  serve({{"pypi",
          {make_wheel(
              {"uv", "0.13.8", "py3-none-manylinux_2_17_x86_64", {}, {{"uv-0.13.8.data/scripts/uv", "program"}}})}}});
  ResolvedWheel tool;
  tool.name = "uv";
  tool.version = "0.13.8";
  tool.filename = "uv-0.13.8-py3-none-manylinux_2_17_x86_64.whl";
  tool.sha256 = std::string(64, '0');
  const fs::path path = folder_.path() / "uv-program";
  packages::UvResolver resolver(runner_, {(folder_.path() / "cache").string(), "", deadline_});
  try {
    resolver.fetch_tool(tool, request({}), path.string());
    FAIL() << "no error";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kWheelFetch);
    EXPECT_THAT(error.message(), HasSubstr(tool.filename));
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace envforge::testing
