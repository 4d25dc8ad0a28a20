// A Python that a base does not have, on twins: from the site's entry to the lock, the build context and the check.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/app/build_image.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/tar_index.hpp>

#include "support/app_world.hpp"
#include "support/archives.hpp"
#include "support/lock_answers.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using documents::LockedPlatform;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::Contains;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::recipe_text;

constexpr const char* kUrl = "https://mirror.example.com/cpython.tar.gz";

std::string small_archive(const std::string& series, bool headers = false) {
  std::vector<std::string> members = {testing::tar_member("python/bin/python" + series, "program"),
                                      testing::tar_member("python/lib/python" + series + "/os.py", "import")};
  if (headers) members.push_back(testing::tar_member("python/include/python" + series + "/Python.h", "#define"));
  return testing::make_gzip(testing::make_tar_of(members));
}

class ArchivedPython : public ::testing::Test {
 protected:
  // An entry of the site, by its address, with bytes there.
  void add(const std::string& version, const std::string& bytes, const std::string& url = kUrl) {
    at_.downloads.files[url] = bytes;
    at_.site.pythons.push_back(
        {{version, "linux/amd64", url, support::sha256_hex(bytes), "2.17"}, {"c.yaml", 3, 5, {}}});
  }
  documents::Recipe recipe(const std::string& more = "") {
    return at_.recipe(recipe_text("2.7", "python: \"3.13\"\n" + more));
  }
  LockedPlatform lock(const documents::Recipe& recipe, const LockOptions& options = {}) {
    return lock_recipe(at_.world(), recipe, options).lock.platforms.at("linux/amd64");
  }
  fs::path render(const documents::Recipe& recipe) {
    const fs::path folder = at_.path("context");
    fs::remove_all(folder);
    render_recipe(at_.world(), recipe, {}, "", folder.string());
    return folder;
  }

  AppWorld at_;
};

std::vector<std::string> names_of(const std::vector<documents::LockedDeb>& debs) {
  std::vector<std::string> names;
  for (const auto& deb : debs) names.push_back(deb.name);
  return names;
}

TEST_F(ArchivedPython, StandsInTheLockInPlaceOfTheBases) {
  add("3.13.5", small_archive("3.13"));
  const auto locked = lock(recipe());
  EXPECT_EQ(locked.python, "3.13");
  ASSERT_TRUE(locked.python_archive);
  EXPECT_EQ(locked.python_archive->url, kUrl);
  EXPECT_THAT(names_of(locked.base.debs), Not(Contains("python3")));
  EXPECT_EQ(at_.written_lock().platforms.at("linux/amd64"), locked);
  EXPECT_TRUE(at_.downloads.requests.empty()) << "a lock needs no archive, only its name";
  EXPECT_THAT(names_of(lock(at_.recipe(recipe_text("2.7"))).base.debs), Contains("python3"));
}

TEST_F(ArchivedPython, LeavesTheHeadersOfTheBasesPythonOutOfTheImage) {
  add("3.13.5", small_archive("3.13"));
  const auto locked = lock(recipe("capabilities: [torch_compile]\n"));
  EXPECT_THAT(names_of(locked.debs), Contains("gcc"));
  EXPECT_THAT(names_of(locked.debs), Not(Contains("python3-dev")));
}

TEST_F(ArchivedPython, StaysThoughTheSiteHasAnotherPatchUntilAnUpgrade) {
  add("3.13.5", small_archive("3.13"));
  lock(recipe());
  at_.site.pythons.clear();
  add("3.13.9", small_archive("3.13", true));
  const auto changed = recipe("packages: {pip: [numpy]}\n");
  EXPECT_EQ(lock(changed).python_archive->version, "3.13.5");
  LockOptions upgrade;
  upgrade.upgrade = true;
  EXPECT_EQ(lock(changed, upgrade).python_archive->version, "3.13.9");
}

TEST_F(ArchivedPython, IsTheSameLockWhereverTheSiteHasTheFile) {
  const std::string bytes = small_archive("3.13");
  const auto at = [&](const std::string& folder, int line) {
    at_.site.pythons = {{{"3.13.5", "linux/amd64", folder + "/cpython.tar.gz", support::sha256_hex(bytes), "2.17"},
                         {folder + "/config.yaml", line, 1, {}}}};
    lock(recipe());
    const std::string text = support::read_file(at_.path("env.lock"));
    fs::remove(at_.path("env.lock"));
    return text;
  };
  const std::string one = at("/srv/a", 3);
  EXPECT_EQ(at("/etc/other", 77), one);
  EXPECT_THAT(one, HasSubstr("\"url\": \"cpython.tar.gz\""));
}

TEST_F(ArchivedPython, EntersTheContextAsALayerOfItsOwn) {
  add("3.13.5", small_archive("3.13"));
  const fs::path context = render(recipe());
  std::vector<std::string> names;
  for (const auto& member : support::index_tar((context / "python.tar").string(), ErrorCode::kInternal))
    names.push_back(member.name);
  EXPECT_THAT(names, Contains("opt/python-3.13/bin/python3.13"));
  const std::string dockerfile = support::read_file(context / "Dockerfile");
  EXPECT_THAT(dockerfile, HasSubstr("\nADD python.tar /\n"));
  EXPECT_THAT(dockerfile, HasSubstr("--python=/opt/python-3.13/bin/python3.13"));
  EXPECT_THAT(dockerfile, HasSubstr("compileall"));
  render(recipe());
  EXPECT_EQ(at_.downloads.requests.size(), 1U) << "it is kept by its hash";
}

TEST_F(ArchivedPython, OfAFileIsFoundByItsHashWhateverTheLockCallsIt) {
  const std::string bytes = small_archive("3.13");
  support::write_file_atomically(at_.path("one.tar.gz"), bytes);
  support::write_file_atomically(at_.path("two.tar.gz"), bytes);
  const auto entry = [&](const std::string& name) {
    at_.site.pythons = {
        {{"3.13.5", "linux/amd64", at_.path(name), support::sha256_hex(bytes), "2.17"}, {"c.yaml", 3, 5, {}}}};
  };
  entry("one.tar.gz");
  lock(recipe());
  entry("two.tar.gz");
  EXPECT_TRUE(fs::exists(render(recipe()) / "python.tar"));
  at_.site.pythons.clear();
  const auto gone = error_of([&] { render(recipe()); });
  EXPECT_EQ(gone.code(), ErrorCode::kPythonFetch);
  EXPECT_THAT(gone.message(), HasSubstr("one.tar.gz"));
  entry("three.tar.gz");
  const auto absent = error_of([&] { render(recipe()); });
  EXPECT_EQ(absent.code(), ErrorCode::kPythonFetch);
  EXPECT_EQ(support::to_string(absent.where().value_or(support::Where{})), "c.yaml:3:5");
  entry("two.tar.gz");
  support::write_file_atomically(at_.path("two.tar.gz"), bytes + "more");
  EXPECT_EQ(error_of([&] { render(recipe()); }).code(), ErrorCode::kPythonDigest);
}

TEST_F(ArchivedPython, WithOtherBytesOrAnotherLayoutIsRefused) {
  add("3.13.5", small_archive("3.13"));
  lock(recipe());
  at_.downloads.files[kUrl] = "other";
  EXPECT_EQ(error_of([&] { render(recipe()); }).code(), ErrorCode::kPythonDigest);
  at_.downloads.files.clear();
  EXPECT_EQ(error_of([&] { render(recipe()); }).code(), ErrorCode::kPythonFetch);
  fs::remove(at_.path("env.lock"));
  at_.site.pythons.clear();
  add("3.13.5", small_archive("3.12"));
  EXPECT_EQ(error_of([&] { render(recipe()); }).code(), ErrorCode::kPythonArchive);
}

TEST_F(ArchivedPython, WithoutHeadersIsRefusedWhereSomethingIsCompiledAgainstIt) {
  add("3.13.5", small_archive("3.13"));
  const auto error = error_of([&] { render(recipe("capabilities: [torch_compile]\n")); });
  EXPECT_EQ(error.code(), ErrorCode::kPythonArchive);
  EXPECT_THAT(error.message(), HasSubstr("include/python3.13/Python.h"));
  at_.site.pythons.clear();
  fs::remove(at_.path("env.lock"));
  add("3.13.5", small_archive("3.13", true));
  EXPECT_TRUE(fs::exists(render(recipe("capabilities: [torch_compile]\n")) / "python.tar"));
}

TEST_F(ArchivedPython, OfAnotherPatchInTheImageIsTold) {
  add("3.13.5", small_archive("3.13"));
  build_image(at_.world(), recipe(), {});
  at_.change_installed = [](nlohmann::json& report) { report["python"] = "3.13.5t"; };
  const auto error = error_of([&] { build_image(at_.world(), recipe(), {}); });
  EXPECT_EQ(error.code(), ErrorCode::kInstalledDiffers);
  EXPECT_THAT(error.notes(), Contains("Python inside is 3.13.5t, locked is 3.13.5"));
}

}  // namespace
}  // namespace envforge::app
