#include <envforge/engine/owner.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <envforge/support/files.hpp>

namespace envforge::engine {
namespace {

TEST(Owner, ThisProcessRuns) {
  EXPECT_EQ(owner_runs(this_process_as_owner()), true);
}

TEST(Owner, AnotherProcessOfTheSamePidDoesNot) {
  const std::string own = this_process_as_owner();
  EXPECT_EQ(owner_runs(own.substr(0, own.rfind('/')) + "/1"), false);
}

TEST(Owner, AZombieIsGone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string label = this_process_as_owner();
    ::_exit(::write(ends[1], label.data(), label.size()) > 0 ? 0 : 1);
  }
  std::string label(200, '\0');
  label.resize(static_cast<std::size_t>(::read(ends[0], label.data(), label.size())));
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_EQ(owner_runs(label), false);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(owner_runs(label), false);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Owner, WhatCannotBeJudgedIsNotJudged) {
  const std::string own = this_process_as_owner();
  EXPECT_EQ(owner_runs("another-host.1" + own.substr(own.find('/'))), std::nullopt);
  for (const char* text : {"", "x", "a/b", "a/b/c/d"}) EXPECT_EQ(owner_runs(text), std::nullopt) << text;
  EXPECT_EQ(owner_runs(own.substr(0, own.find('/')) + "/../1"), std::nullopt);
}

TEST(Owner, OfABorrowedNameIsToldByTheName) {
  const std::string own = this_process_as_owner();
  EXPECT_EQ(borrower_runs(borrowed_name(own, "0a1b")), true);
  EXPECT_EQ(borrower_runs(borrowed_name(own.substr(0, own.rfind('/')) + "/1", "0a1b")), false);
  EXPECT_EQ(borrower_runs(borrowed_name("another-host.1/1/1", "0a1b")), std::nullopt);
  for (const char* name : {"envforge-subject:latest", "debian:12", "envforge-subject:a.b.c.d"}) {
    EXPECT_EQ(borrower_runs(name), std::nullopt) << name;
  }
}

TEST(Owner, OfATemporaryFolderIsToldByTheNameAndOnlyAnEndedOnesIsRemoved) {
  namespace fs = std::filesystem;
  const support::TempDir parent;
  const std::string own = this_process_as_owner();
  const std::string ended = own.substr(0, own.rfind('/')) + "/1";
  const support::TempDir mine(folder_prefix(), parent.path());
  const auto left = parent.path() / (folder_prefix(ended) + "aB3xyz"),
             elsewhere = parent.path() / (folder_prefix("another-host.1/1/1") + "aB3xyz");
  for (const auto& path : {left, elsewhere, parent.path() / "envforge-", parent.path() / "envforge-abcdef",
                           parent.path() / "envforge-a.b-c"})
    fs::create_directories(path / "inside");
  const auto link = parent.path() / (folder_prefix(ended) + "zzzzzz");
  fs::create_directory_symlink(elsewhere, link);
  EXPECT_EQ(remove_left_folders(parent.path()), std::vector<std::string>{left.string()});
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(mine.path()) && fs::exists(elsewhere / "inside") && fs::is_symlink(link));
  EXPECT_EQ(std::distance(fs::directory_iterator(parent.path()), {}), 6);
}

TEST(Owner, OfAnyHostMakesANameThatIsATag) {
  const std::string name = borrowed_name(std::string(64, 'H') + " odd/host.1/123/456", "0a1b");
  EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-:."), std::string::npos) << name;
}

}  // namespace
}  // namespace envforge::engine
