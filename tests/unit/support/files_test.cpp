#include <envforge/support/files.hpp>

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
