#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <envforge/process/process.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/tar_index.hpp>

namespace envforge::support {
namespace {

using ::testing::HasSubstr;

class TarIndex : public ::testing::TestWithParam<const char*> {
 protected:
  void put(const std::string& name, const std::string& text) {
    support::write_file_atomically(folder_.path() / "in" / name, text);
  }
  std::string pack(const std::string& format) {
    const std::string tar = folder_.path() / "x.tar";
    process::Command command;
    command.argv = {"tar", "--format=" + format, "-C", folder_.path() / "in", "-cf", tar, "."};
    EXPECT_TRUE(process::PosixProcessRunner().run(command).ok());
    return tar;
  }
  static std::string content(const std::string& tar, const TarMember& member) {
    return support::read_file(tar).substr(member.offset, member.bytes);
  }
  static const TarMember& find(const std::vector<TarMember>& members, const std::string& name) {
    for (const TarMember& member : members) {
      if (member.name == name) return member;
    }
    throw std::runtime_error("no member " + name);
  }
  static std::string problem(const std::string& tar) {
    try {
      index_tar(tar, ErrorCode::kSavedImage);
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kSavedImage);
      return error.message();
    }
    return {};
  }

  support::TempDir folder_;
};

INSTANTIATE_TEST_SUITE_P(Formats, TarIndex, ::testing::Values("ustar", "gnu", "pax"),
                         [](const auto& format) { return std::string(format.param); });

TEST_P(TarIndex, FindsFilesAndLinks) {
  put("a/text", "some text");
  put("empty", "");
  std::filesystem::create_symlink("a/text", folder_.path() / "in" / "link");
  const std::string tar = pack(GetParam());
  const auto members = index_tar(tar, ErrorCode::kSavedImage);
  EXPECT_EQ(content(tar, find(members, "./a/text")), "some text");
  EXPECT_EQ(find(members, "./empty").bytes, 0U);
  const TarMember& link = find(members, "./link");
  EXPECT_EQ(link.type, TarMember::Type::kLink);
  EXPECT_TRUE(link.symbolic);
  EXPECT_EQ(link.link, "a/text");
  EXPECT_EQ(find(members, "./a/").type, TarMember::Type::kFolder);
}

TEST_P(TarIndex, ReadsNamesLongerThanAHeaderHolds) {
  const std::string name = std::string(60, 'd') + "/" + std::string(70, 'e') + "/" + std::string(90, 'f');
  put(name, "deep");
  const std::string tar = pack(GetParam());
  EXPECT_EQ(content(tar, find(index_tar(tar, ErrorCode::kSavedImage), "./" + name)), "deep");
}

using TarFile = TarIndex;
INSTANTIATE_TEST_SUITE_P(Once, TarFile, ::testing::Values("gnu"));

TEST_P(TarFile, RefusesACutFileAndWhatIsNoTar) {
  put("text", std::string(5000, 'x'));
  const std::string whole = support::read_file(pack("gnu"));
  const std::string cut = folder_.path() / "cut.tar";
  support::write_file_atomically(cut, whole.substr(0, 3000));
  EXPECT_THAT(problem(cut), HasSubstr("a member longer than the file at byte 512"));
  support::write_file_atomically(cut, std::string(1024, 'x'));
  EXPECT_THAT(problem(cut), HasSubstr("no tar header at byte 0"));
  support::write_file_atomically(cut, "");
  EXPECT_THAT(problem(cut), HasSubstr("no end of the tar file"));
  EXPECT_THAT(problem(folder_.path() / "absent.tar"), HasSubstr("cannot be read"));
}

TEST_P(TarFile, ReadsASizeBeyondEightGigabytes) {
  const std::string big = folder_.path() / "in" / "big";
  put("big", "");
  std::filesystem::resize_file(big, 9ULL << 30);  // sparse
  const std::string tar = folder_.path() / "big.tar";
  for (const std::string format : {"gnu", "pax"}) {
    // Only the headers: the file's end is cut, and then the index must know how long it would be.
    process::Command command;
    command.argv = {"sh", "-c",
                    "tar --format=" + format + " -C '" + (folder_.path() / "in").string() +
                        "' -cf - big | head -c 4096 > '" + tar + "'"};
    process::PosixProcessRunner().run(command);
    std::filesystem::resize_file(tar, (9ULL << 30) + 4096 + 1024);
    const auto members = index_tar(tar, ErrorCode::kSavedImage);
    ASSERT_EQ(members.size(), 1U) << format;
    EXPECT_EQ(members[0].bytes, 9ULL << 30) << format;
  }
}

}  // namespace
}  // namespace envforge::support
