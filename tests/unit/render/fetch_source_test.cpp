// The scripts that fetch a source in a build step, run as they stand: a git repository and a package index on the
// loopback address.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/loopback_server.hpp"
#include "support/require.hpp"

namespace envforge::render {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path kScripts = fs::path(ENVFORGE_SOURCE_DIR) / "images/from_source";

class FetchSource : public ::testing::Test {
 protected:
  process::Outcome run(std::vector<std::string> argv, std::map<std::string, std::string> more = {}) {
    more.insert({{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                 {"HOME", dir_.path().string()},
                 {"ENVFORGE_SECRETS", (dir_.path() / "secrets").string()},
                 {"GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"},
                 {"GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"}});
    process::Command command;
    command.argv = std::move(argv);
    command.environment = std::move(more);
    command.deadline = std::chrono::minutes(1);
    return process::PosixProcessRunner().run(command);
  }
  std::string git(std::vector<std::string> arguments) {
    std::vector<std::string> argv = {"git",         "-C", (dir_.path() / "work").string(), "-c",
                                     "user.name=t", "-c", "user.email=t@example.com"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto outcome = run(argv);
    EXPECT_TRUE(outcome.ok()) << outcome.err;
    return support::trim(outcome.out);
  }

  /// A repository with two commits, as files that any web server can serve.
  void make_repository() {
    if (process::PosixProcessRunner().find_programs("git").empty())
      return envforge::testing::cannot_run("git", "it is not on PATH");
    fs::create_directories(dir_.path() / "work");
    git({"init", "--quiet", "--initial-branch=main"});
    for (const char* text : {"first", "second"}) {
      support::write_file_atomically(dir_.path() / "work/lib.py", text);
      git({"add", "."});
      git({"commit", "--quiet", "--no-verify", "-m", text});
    }
    first_ = git({"rev-parse", "HEAD~1"});
    git({"clone", "--quiet", "--bare", ".", (dir_.path() / "served").string()});
    ASSERT_TRUE(run({"git", "-C", (dir_.path() / "served").string(), "update-server-info"}).ok());
    serve(dir_.path() / "served");
  }
  void serve(const fs::path& root) {
    server_ = std::make_unique<envforge::testing::LoopbackServer>([root](const std::string& path) {
      std::error_code error;
      const fs::path file = root / path.substr(1);
      if (!fs::is_regular_file(file, error)) return envforge::testing::HttpAnswer{404, "text/plain", ""};
      return envforge::testing::HttpAnswer{200, "application/octet-stream", support::read_file(file)};
    });
  }
  process::Outcome fetch(const std::string& commit, const std::string& into) {
    return run({"sh", (kScripts / "fetch-commit").string(), server_->url(), commit, (dir_.path() / into).string()});
  }
  /// Whether any file below `folder` holds `text`.
  bool holds(const fs::path& folder, const std::string& text) const {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && support::read_file(entry.path()).find(text) != std::string::npos) return true;
    }
    return false;
  }

  support::TempDir dir_;
  std::string first_;
  std::unique_ptr<envforge::testing::LoopbackServer> server_;
};

TEST_F(FetchSource, ACommitIsFetchedWhateverTheBranchSays) {
  make_repository();
  if (IsSkipped()) return;
  const auto outcome = fetch(first_, "src");
  ASSERT_TRUE(outcome.ok()) << outcome.err;
  EXPECT_EQ(support::read_file(dir_.path() / "src/lib.py"), "first");
}

TEST_F(FetchSource, ACommitThatTheRepositoryLacksIsNamed) {
  make_repository();
  if (IsSkipped()) return;
  const std::string other(40, 'a');
  const auto outcome = fetch(other, "src");
  EXPECT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.err, HasSubstr("does not have the commit " + other));
}

TEST_F(FetchSource, APrivateRepositoryIsReadWithTheSecretWhichStaysInNoFile) {
  make_repository();
  if (IsSkipped()) return;
  server_->require_authorization("Basic dXNlcjpodW50ZXIy");  // user:hunter2
  const auto refused = fetch(first_, "without");
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(refused.err, HasSubstr("git_credentials"));

  const std::string host = server_->url().substr(std::string("http://").size());
  support::write_file_atomically(dir_.path() / "secrets/git_credentials",
                                 "https://user:other@elsewhere.example.com\nhttp://user:hunter2@" + host + "\n", 0400);
  const auto outcome = fetch(first_, "src");
  ASSERT_TRUE(outcome.ok()) << outcome.err;
  EXPECT_EQ(support::read_file(dir_.path() / "src/lib.py"), "first");
  EXPECT_FALSE(holds(dir_.path() / "src", "hunter2"));
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("hunter2")));
}

TEST_F(FetchSource, ARepositoryCannotNameAFileOfTheBuilderAsSubmodule) {
  make_repository();
  if (IsSkipped()) return;
  support::write_file_atomically(dir_.path() / "work/.gitmodules",
                                 "[submodule \"x\"]\n  path = x\n  url = file://" + dir_.path().string() + "/served\n");
  git({"update-index", "--add", "--cacheinfo", "160000," + first_ + ",x"});
  git({"add", ".gitmodules"});
  git({"commit", "--quiet", "-m", "third"});
  git({"push", "--quiet", (dir_.path() / "served").string(), "main"});
  ASSERT_TRUE(run({"git", "-C", (dir_.path() / "served").string(), "update-server-info"}).ok());
  const auto outcome = fetch(git({"rev-parse", "HEAD"}), "src");
  EXPECT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.err, HasSubstr("not allowed"));
}

TEST_F(FetchSource, AnSdistIsFetchedFromItsIndexAndCheckedAgainstItsHash) {
  std::string python;  // a minimal one lacks what the images' has
  for (const auto& program : process::PosixProcessRunner().find_programs("python3")) {
    if (python.empty() && run({program, "-I", "-c", "import base64, json, urllib.request"}).ok()) python = program;
  }
  if (python.empty()) return envforge::testing::cannot_run("python", "no whole python3 is on PATH");
  const std::string content = "an archive";
  support::write_file_atomically(dir_.path() / "root/simple/lib/index",
                                 R"(<a href="../../files/lib-1.0.tar.gz#sha256=0">)"
                                 R"(lib-1.0.tar.gz</a>)");
  support::write_file_atomically(dir_.path() / "root/files/lib-1.0.tar.gz", content);
  const fs::path root = dir_.path() / "root";
  server_ = std::make_unique<envforge::testing::LoopbackServer>([root](const std::string& path) {
    if (path == "/simple/lib/")
      return envforge::testing::HttpAnswer{200, "text/html", support::read_file(root / "simple/lib/index")};
    return envforge::testing::HttpAnswer{200, "application/octet-stream", support::read_file(root / path.substr(1))};
  });
  server_->require_authorization("Basic dXNlcjpodW50ZXIy");
  const std::string host = server_->url().substr(std::string("http://").size());
  const auto fetch_sdist = [&](const std::string& sha256) {
    return run({python, "-I", (kScripts / "fetch-sdist").string(), "lib", "lib-1.0.tar.gz", sha256,
                (dir_.path() / "src").string()},
               {{"UV_DEFAULT_INDEX", "http://user:hunter2@" + host + "/simple"}});
  };
  const auto other = fetch_sdist(std::string(64, '0'));
  EXPECT_FALSE(other.ok());
  EXPECT_THAT(other.err, HasSubstr("another file than the one that was locked"));
  EXPECT_FALSE(fs::exists(dir_.path() / "src/lib-1.0.tar.gz"));
  const auto outcome = fetch_sdist(support::sha256_hex(content));
  ASSERT_TRUE(outcome.ok()) << outcome.err;
  EXPECT_EQ(support::read_file(dir_.path() / "src/lib-1.0.tar.gz"), content);
}

}  // namespace
}  // namespace envforge::render
