#include <envforge/packages/wheel_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "support/archives.hpp"
#include "support/deflate.hpp"

namespace envforge::packages {
namespace {

using ::testing::HasSubstr;

// Compresses badly enough to need several blocks, and differs everywhere.
std::string long_content() {
  std::string out;
  for (unsigned i = 0, state = 1; i < 900'000; ++i) {
    state = state * 1664525U + 1013904223U;
    out += static_cast<char>(state >> 24U);
  }
  return out + std::string(3'000'000, 'x');
}

class WheelFileTest : public ::testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    const std::string path = (folder_.path() / "torch-1.0-py3-none-any.whl").string();
    support::write_file_atomically(path, bytes);
    return path;
  }
  std::string refusal(const std::string& bytes) {
    try {
      const WheelFile wheel(write(bytes));
      for (const auto& member : wheel.members()) wheel.text(member);
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kFileUnreadable);
      return error.message();
    }
    return "";
  }

  support::TempDir folder_;
  const testing::NamedFiles files_ = {{"torch/version.py", "cuda = '12.4'\n"},
                                      {"torch/lib/libtorch_cuda.so", long_content()}};
};

TEST_F(WheelFileTest, GivesStoredAndDeflatedMembers) {
  for (const bool packed : {false, true}) {
    const WheelFile wheel(write(packed ? testing::make_zip(files_, testing::deflated) : testing::make_zip(files_)));
    ASSERT_EQ(wheel.members().size(), 2U);
    for (const auto& [name, content] : files_) {
      const WheelMember* member = wheel.find(name);
      ASSERT_NE(member, nullptr) << name;
      EXPECT_EQ(member->size, content.size());
      EXPECT_TRUE(wheel.text(*member) == content) << name;
      const std::string target = (folder_.path() / "out").string();
      wheel.unpack(*member, target);
      EXPECT_TRUE(support::read_file(target) == content) << name;
    }
    EXPECT_EQ(wheel.find("torch/version"), nullptr);
  }
}

TEST_F(WheelFileTest, ReadsTheSizesOfAMemberFromItsZip64Field) {
  // As an archiver writes a member whose size it does not know beforehand: all three numbers in the extra field.
  const std::string content = "machine code";
  std::string zip = testing::make_zip({{"a", content}});
  const std::size_t entry = zip.find("PK\x01\x02");
  const auto number = [](std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xffU);
    return out;
  };
  const std::string extra =
      number(1, 2) + number(24, 2) + number(content.size(), 8) + number(content.size(), 8) + number(0, 8);
  for (const std::size_t at : {entry + 20, entry + 24, entry + 42}) zip.replace(at, 4, number(0xffffffffU, 4));
  zip.replace(entry + 30, 2, number(extra.size(), 2));
  zip.insert(entry + 46 + 1, extra);
  const std::size_t end = zip.find("PK\x05\x06");
  zip.replace(end + 12, 4, number(end - entry, 4));
  const WheelFile wheel(write(zip));
  ASSERT_EQ(wheel.members().size(), 1U);
  EXPECT_EQ(wheel.text(wheel.members()[0]), content);
}

TEST_F(WheelFileTest, RefusesWhatIsCutShortChangedOrNoZip) {
  const std::string whole = testing::make_zip(files_, testing::deflated);
  EXPECT_EQ(refusal(whole), "");
  EXPECT_THAT(refusal("PK"), HasSubstr("it is no zip, so no wheel"));
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)), HasSubstr("it is no zip, so no wheel"));
  EXPECT_THAT(refusal(whole.substr(1000)), HasSubstr("torch-1.0-py3-none-any.whl: "));
  std::string changed = whole;
  changed[whole.size() / 2] = static_cast<char>(changed[whole.size() / 2] ^ 0x55);
  EXPECT_THAT(refusal(changed), HasSubstr("torch/lib/libtorch_cuda.so is damaged"));
  std::string longer = testing::make_zip(files_);
  longer[longer.find("PK\x01\x02") + 24] = 3;  // of 14 bytes
  EXPECT_THAT(refusal(longer), HasSubstr("torch/version.py unpacks to more than the 3 bytes it names"));
  EXPECT_THROW(WheelFile((folder_.path() / "absent.whl").string()), support::Error);
}

TEST_F(WheelFileTest, SurvivesEveryByteOfItsListBeingAnother) {
  const std::string whole = testing::make_zip({{"a", "b"}, {"c", "d"}});
  for (std::size_t at = whole.find("PK\x01\x02"); at < whole.size(); ++at) {
    for (const char byte : {'\x00', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[at] = byte;
      refusal(changed);
    }
  }
}

}  // namespace
}  // namespace envforge::packages
