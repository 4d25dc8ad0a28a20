#include <envforge/support/files.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::support {
namespace {

TEST(WriteFileAtomically, ReplacesTheFileAndLeavesNothingBeside) {
  const TempDir folder;
  const auto path = folder.path() / "sub" / "file";
  write_file_atomically(path, "one");
  write_file_atomically(path, "two", 0600);
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1);
}

TEST(WriteFileAtomically, NamesThePathItCannotWrite) {
  const TempDir folder;
  write_file_atomically(folder.path() / "file", "x");
  try {
    write_file_atomically(folder.path() / "file" / "below", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFileWrite);
    EXPECT_NE(error.message().find("file/below: Not a directory"), std::string::npos) << error.message();
  }
}

TEST(WriteFileAtomically, ReplacesALinkAndLeavesAloneWhatItNames) {
  const TempDir folder;
  const auto mine = folder.path() / "mine", link = folder.path() / "recipe.lock";
  write_file_atomically(mine, "precious");
  std::filesystem::create_symlink(mine, link);
  write_file_atomically(link, "a lock");
  EXPECT_EQ(read_file(mine), "precious");
  EXPECT_EQ(read_file(link), "a lock");
}

TEST(WriteNamedFile, WritesIntoAPipeAndLeavesItAPipe) {
  const TempDir folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  write_named_file(pipe, "a report");
  std::array<char, 16> read{};
  EXPECT_EQ(::read(reader, read.data(), read.size()), 8);
  ::close(reader);
  EXPECT_STREQ(read.data(), "a report");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(WriteNamedFile, ReplacesWhatALinkNamesAndKeepsTheLink) {
  namespace fs = std::filesystem;
  const TempDir folder;
  const auto kept = folder.path() / "kept", link = folder.path() / "link", second = folder.path() / "second";
  fs::create_directory(kept);
  fs::create_symlink("kept/file", link);  // names nothing yet
  fs::create_symlink(link, second);
  for (const char* text : {"one", "two"}) {
    write_named_file(second, text);
    EXPECT_EQ(read_file(kept / "file"), text);
  }
  EXPECT_TRUE(fs::is_symlink(link) && fs::is_symlink(second));
  EXPECT_EQ(std::distance(fs::directory_iterator(kept), {}), 1);
}

TEST(WriteNamedFile, NamesTheFolderAndTheLinkThatItCannotWrite) {
  const TempDir folder;
  std::filesystem::create_symlink("round", folder.path() / "round");
  for (const auto& path : {folder.path(), folder.path() / "round"}) {
    try {
      write_named_file(path, "x");
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kFileWrite);
      EXPECT_NE(error.message().find(path.string() + ": "), std::string::npos) << error.message();
    }
  }
}

TEST(CheckCanWrite, KnowsBeforehandWhatWriteNamedFileWillSay) {
  const TempDir folder;
  write_file_atomically(folder.path() / "file", "x");
  EXPECT_NO_THROW(check_can_write(folder.path() / "file"));
  EXPECT_NO_THROW(check_can_write(folder.path() / "new" / "folders" / "file"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "new")) << "no folder is made";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "the trial is gone";
  EXPECT_NO_THROW(check_can_write("/dev/null"));
  EXPECT_THROW(check_can_write(folder.path()), Error);
  EXPECT_THROW(check_can_write(folder.path() / "file" / "below"), Error);
  EXPECT_THROW(check_can_write("/proc/nowhere/file"), Error);
}

TEST(ReadFile, RefusesMoreThanItsCap) {
  const TempDir folder;
  write_file_atomically(folder.path() / "file", "12345");
  EXPECT_THROW(read_file(folder.path() / "file", 4), Error);
  EXPECT_EQ(read_file(folder.path() / "file", 5), "12345");
}

TEST(TempDir, IsRemovedWithItsContent) {
  std::filesystem::path path;
  {
    const TempDir folder;
    path = folder.path();
    write_file_atomically(path / "a" / "b", "x");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Text, HumanBytesKeepsThreeDigits) {
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.00 kB");
  EXPECT_EQ(human_bytes(5720000000), "5.72 GB");
  EXPECT_EQ(human_bytes(57200000), "57.2 MB");
}

TEST(Text, PrintableEscapesControlsAndBrokenUtf8) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\xc3\xa9\xff\xc2\x9b"), "a\\x1B[2Jb\\x0A\xc3\xa9\\xFF\\xC2\\x9B");
}

}  // namespace
}  // namespace envforge::support
