#include "elf/elf_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/elf_builder.hpp"

namespace envforge::validator::elf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ElfFile parsed(const std::string& bytes) {
  auto result = read_elf(Bytes(bytes));
  const auto* refusal = std::get_if<NotElf>(&result);
  EXPECT_EQ(refusal, nullptr) << refusal->reason;
  return refusal == nullptr ? std::get<ElfFile>(result) : ElfFile{};
}

std::string refused(const std::string& bytes) {
  const auto result = read_elf(Bytes(bytes));
  const auto* refusal = std::get_if<NotElf>(&result);
  return refusal == nullptr ? "was read" : refusal->reason;
}

const std::string& sample() {
  static const std::string bytes = tests::elf_library({"libnccl.so.2",
                                                       {"libm.so.6", "libc.so.6"},
                                                       "$ORIGIN",
                                                       "$ORIGIN/../lib",
                                                       {{".nv_fatbin", "payload"}, {".text", "code"}}});
  return bytes;
}

TEST(ElfFile, ReadsNamesNeedsAndBothSearchPaths) {
  const ElfFile file = parsed(sample());
  EXPECT_EQ(file.machine, 62);
  EXPECT_EQ(file.soname, "libnccl.so.2");
  EXPECT_THAT(file.needed, ElementsAre("libm.so.6", "libc.so.6"));
  EXPECT_EQ(file.rpath, "$ORIGIN");
  EXPECT_EQ(file.runpath, "$ORIGIN/../lib");
}

TEST(ElfFile, FindsSectionsByName) {
  const ElfFile file = parsed(sample());
  const Section* section = file.section(".nv_fatbin");
  ASSERT_NE(section, nullptr);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(section->bytes.data()), section->bytes.size()), "payload");
  EXPECT_EQ(file.section(".nothing"), nullptr);
}

TEST(ElfFile, HasNoSearchPathWhereTheFileHasNone) {
  const ElfFile file = parsed(tests::elf_library({"liba.so", {}, "", "", {}}));
  EXPECT_FALSE(file.rpath.has_value());
  EXPECT_FALSE(file.runpath.has_value());
}

TEST(ElfFile, RefusesWhatIsNoElf) {
  EXPECT_THAT(refused("/* GNU ld script */ GROUP ( libnccl.so.2 )"), HasSubstr("no ELF magic"));
  EXPECT_THAT(refused(""), HasSubstr("no ELF magic"));
  EXPECT_THAT(refused("\x7f"
                      "ELF\x02\x01"),
              HasSubstr("shorter"));
}

TEST(ElfFile, Refuses32BitFiles) {
  std::string bytes = sample();
  bytes[4] = 1;
  EXPECT_THAT(refused(bytes), HasSubstr("64-bit"));
}

TEST(ElfFile, RefusesAStringTableBeyondTheEnd) {
  std::string bytes = sample();
  tests::put_at(bytes, 64 + 32, 100, 8);  // the loadable segment ends before the strings
  EXPECT_THAT(refused(bytes), HasSubstr("string table"));
}

TEST(ElfFile, ReadsNamesWithoutASectionTable) {
  std::string bytes = sample();
  tests::put_at(bytes, 40, 0, 8);
  const ElfFile file = parsed(bytes);
  EXPECT_EQ(file.soname, "libnccl.so.2");
  EXPECT_TRUE(file.sections.empty());
}

TEST(ElfFile, TakesASectionTableThatClaimsBillionsOfRowsForBroken) {
  std::string bytes = sample();
  const auto table = Bytes(bytes).read<std::uint64_t>(40);
  tests::put_at(bytes, 60, 0, 2);  // "the number of rows stands in section 0"
  tests::put_at(bytes, *table + 32, 0xffffffffffULL, 8);
  EXPECT_TRUE(parsed(bytes).sections.empty());
}

// No truncation and no changed byte of the headers may read outside the bytes (the sanitizers watch) or not return.
TEST(ElfFile, SurvivesEveryTruncation) {
  for (std::size_t size = 0; size < sample().size(); ++size) {
    const std::string bytes = sample().substr(0, size);
    const auto result = read_elf(Bytes(bytes));
    const auto* file = std::get_if<ElfFile>(&result);
    EXPECT_LE(file == nullptr ? 0 : file->needed.size(), 2U);
  }
}

TEST(ElfFile, SurvivesEveryByteSetToItsHighest) {
  for (std::size_t at = 0; at < sample().size(); ++at) {
    for (int run = 1; run <= 8; run *= 2) {
      std::string bytes = sample();
      for (std::size_t i = at; i < bytes.size() && i < at + static_cast<std::size_t>(run); ++i) bytes[i] = '\xff';
      const auto result = read_elf(Bytes(bytes));
      const auto* file = std::get_if<ElfFile>(&result);
      EXPECT_LE(file == nullptr ? 0 : file->sections.size(), 4U);
    }
  }
}

}  // namespace
}  // namespace envforge::validator::elf
