#include "elf/device_code.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/elf_builder.hpp"

namespace envforge::validator::elf {
namespace {

using testing::ElementsAre;
using testing::Pair;

const GpuTarget kSm80{8, 0, 0};
const GpuTarget kSm90{9, 0, 0};
const GpuTarget kSm90a{9, 0, 'a'};
const GpuTarget kSm103f{10, 3, 'f'};

DeviceCode walk(const std::string& bytes) {
  return read_fat_binaries(Bytes(bytes));
}

TEST(DeviceCode, CountsSassAndPtxApartWithTheirSuffixes) {
  const DeviceCode code = walk(tests::fat_binary(
      {{true, 80, 0, 24}, {true, 90, 0, 8}, {true, 90, 'a', 8}, {true, 103, 'f', 8}, {false, 90, 0, 40}}));
  EXPECT_THAT(code.sass(), ElementsAre(Pair(kSm80, 1U), Pair(kSm90, 1U), Pair(kSm90a, 1U), Pair(kSm103f, 1U)));
  EXPECT_THAT(code.ptx(), ElementsAre(Pair(kSm90, 1U)));
  EXPECT_EQ(code.payload_bytes, 88U);
  EXPECT_EQ(code.malformed, 0U);
}

TEST(DeviceCode, FindsTheNextFatBinaryBehindPadding) {
  const std::string two = tests::fat_binary({{true, 80, 0, 8}}) + std::string(24, '\0') +
                          tests::fat_binary({{true, 80, 0, 13}}) + std::string(3, '\0') +
                          tests::fat_binary({{true, 90, 0, 8}});
  const DeviceCode code = walk(two);
  EXPECT_EQ(code.binaries.size(), 3U);
  EXPECT_THAT(code.sass(), ElementsAre(Pair(kSm80, 2U), Pair(kSm90, 1U)));
}

TEST(DeviceCode, PassesOverEntriesThatAreNeitherPtxNorElf) {
  std::string bytes = tests::fat_binary({{true, 80, 0, 8}, {true, 90, 0, 8}});
  tests::put_at(bytes, 16, 0x40, 2);
  const DeviceCode code = walk(bytes);
  EXPECT_THAT(code.sass(), ElementsAre(Pair(kSm90, 1U)));
  EXPECT_EQ(code.malformed, 0U);
}

TEST(DeviceCode, SaysWhenAFatBinaryIsCutShortAndKeepsWhatItRead) {
  std::string bytes = tests::fat_binary({{true, 80, 0, 8}, {true, 90, 0, 64}});
  bytes.resize(bytes.size() - 8);
  const DeviceCode code = walk(bytes);
  EXPECT_EQ(code.malformed, 1U);
  EXPECT_THAT(code.sass(), ElementsAre(Pair(kSm80, 1U)));
}

TEST(DeviceCode, ABrokenFatBinaryHidesNothingBehindIt) {
  std::string broken = tests::fat_binary({{true, 80, 0, 8}});
  tests::put_at(broken, 16 + 4, 0, 4);  // an entry header of size 0 must not loop
  const DeviceCode code = walk(broken + tests::fat_binary({{true, 90, 0, 8}}));
  EXPECT_EQ(code.malformed, 1U);
  EXPECT_THAT(code.sass(), ElementsAre(Pair(kSm90, 1U)));
}

TEST(DeviceCode, ReadsOnlyTheSectionThatTheDriverSees) {
  const std::string library = tests::elf_library({"libnccl.so.2",
                                                  {},
                                                  "",
                                                  "",
                                                  {{"__nv_relfatbin", tests::fat_binary({{false, 90, 0, 8}})},
                                                   {".nv_fatbin", tests::fat_binary({{true, 80, 0, 8}})}}});
  const auto file = read_elf(Bytes(library));
  const DeviceCode code = read_device_code(std::get<ElfFile>(file));
  EXPECT_THAT(code.sass(), ElementsAre(Pair(kSm80, 1U)));
  EXPECT_TRUE(code.ptx().empty());
}

TEST(DeviceCode, SurvivesEveryTruncationAndEveryByteSetToItsHighest) {
  const std::string whole =
      tests::fat_binary({{true, 80, 0, 8}, {false, 90, 0, 8}}) + tests::fat_binary({{true, 90, 'a', 8}});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_LE(walk(whole.substr(0, size)).binaries.size(), 2U);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    for (std::size_t i = at; i < bytes.size() && i < at + 8; ++i) bytes[i] = '\xff';
    EXPECT_LE(walk(bytes).payload_bytes, bytes.size());
  }
}

}  // namespace
}  // namespace envforge::validator::elf
