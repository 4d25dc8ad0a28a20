// The shell scripts of images/, run as they stand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <envforge/process/process.hpp>
#include <envforge/render/render.hpp>

namespace envforge::render {
namespace {

namespace fs = std::filesystem;

const fs::path kImages = fs::path(ENVFORGE_SOURCE_DIR) / "images";

class Scripts : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "envforge-scripts-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }

  process::Outcome with_site(const std::string& site, const std::vector<std::string>& command) {
    std::ofstream(dir_ / "site") << site;
    std::vector<std::string> argv = {"/bin/sh", (kImages / "build/with-site").string(), "https://pypi.org/simple"};
    argv.insert(argv.end(), command.begin(), command.end());
    process::Command call;
    call.argv = std::move(argv);
    call.environment = {{"PATH", "/usr/bin:/bin"}, {"ENVFORGE_SECRETS", dir_.string()}};
    return runner_.run(call);
  }

  process::Outcome entrypoint(std::map<std::string, std::string> environment) {
    environment["PATH"] = "/usr/bin:/bin";
    process::Command call;
    call.argv = {"/bin/sh", (kImages / "runtime/entrypoint").string(), "sh", "-c", "echo $HOME"};
    call.environment = std::move(environment);
    return runner_.run(call);
  }

  fs::path dir_;
  process::PosixProcessRunner runner_;
};

TEST_F(Scripts, WithSiteGivesTheIndexOfTheLockWhenTheSiteSaysNothing) {
  EXPECT_EQ(with_site("", {"printenv", "UV_DEFAULT_INDEX"}).out, "https://pypi.org/simple\n");
  EXPECT_EQ(with_site("index https://other/simple https://mirror/simple\n", {"printenv", "UV_DEFAULT_INDEX"}).out,
            "https://pypi.org/simple\n");
}

TEST_F(Scripts, WithSiteReadsWhatSiteSecretWrites) {
  const std::string site =
      site_secret({{{"https://pypi.org/simple", "https://u:p$(id)@mirror/simple"}}, "http://p:1", "http://p:2", "a,b"});
  EXPECT_EQ(with_site(site, {"printenv", "UV_DEFAULT_INDEX", "http_proxy", "HTTPS_PROXY", "no_proxy"}).out,
            "https://u:p$(id)@mirror/simple\nhttp://p:1\nhttp://p:2\na,b\n");
}

TEST_F(Scripts, WithSiteReadsALastLineWithoutNewline) {
  EXPECT_EQ(with_site("https_proxy http://p:2", {"printenv", "https_proxy"}).out, "http://p:2\n");
}

TEST_F(Scripts, WithSiteRefusesALineThatItDoesNotKnow) {
  const auto outcome = with_site("PATH /evil\n", {"true"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("begins with 'PATH'; expected index"));
}

TEST_F(Scripts, WithSiteTrustsTheBundleOnlyWhenOneIsGiven) {
  EXPECT_FALSE(with_site("", {"printenv", "SSL_CERT_FILE"}).ok());
  std::ofstream(dir_ / "ca_bundle") << "-----BEGIN CERTIFICATE-----\n";
  EXPECT_EQ(with_site("", {"printenv", "SSL_CERT_FILE"}).out, (dir_ / "ca_bundle").string() + "\n");
}

TEST_F(Scripts, EntrypointKeepsAHomeThatCanBeWritten) {
  EXPECT_EQ(entrypoint({{"HOME", dir_.string()}}).out, dir_.string() + "\n");
}

TEST_F(Scripts, EntrypointMakesAHomeWhereThereIsNone) {
  const std::string home = entrypoint({{"HOME", "/nonexistent"}, {"TMPDIR", dir_.string()}}).out;
  EXPECT_THAT(home, ::testing::StartsWith((dir_ / "home-").string()));
  EXPECT_EQ(fs::status(home.substr(0, home.size() - 1)).permissions(), fs::perms::owner_all);
}

TEST_F(Scripts, EntrypointWarnsButRunsWhenNothingCanBeWritten) {
  const auto outcome = entrypoint({{"HOME", "/nonexistent"}, {"TMPDIR", "/nonexistent"}});
  EXPECT_EQ(outcome.out, "/nonexistent\n");
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("--tmpfs /tmp:exec"));
}

}  // namespace
}  // namespace envforge::render
