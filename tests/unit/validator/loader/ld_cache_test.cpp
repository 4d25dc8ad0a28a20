#include "loader/ld_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::loader {
namespace {

const std::string& sample() {
  static const std::string bytes = tests::FakeImage::ld_cache_bytes(
      {{"libnccl.so.2", "/usr/lib/x86_64-linux-gnu/libnccl.so.2"}, {"libz.so.1", "/lib/libz.so.1"}});
  return bytes;
}

TEST(LdCache, GivesSonamesAndPathsInOrder) {
  const auto entries = read_ld_cache(elf::Bytes(sample()), 62);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].soname, "libnccl.so.2");
  EXPECT_EQ(entries[0].path, "/usr/lib/x86_64-linux-gnu/libnccl.so.2");
}

TEST(LdCache, LeavesOutOtherMachines) {
  EXPECT_TRUE(read_ld_cache(elf::Bytes(sample()), 183).empty());
}

TEST(LdCache, LeavesOutWhatNeedsASpecialCpu) {
  std::string bytes = sample();
  tests::put_at(bytes, 48 + 16, 1ULL << 62, 8);
  EXPECT_EQ(read_ld_cache(elf::Bytes(bytes), 62).size(), 1U);
}

TEST(LdCache, IsFoundBehindTheOldFormat) {
  std::string bytes = "ld.so-1.7.0";
  bytes.push_back('\0');
  tests::put(bytes, 1, 4);
  bytes.append(12, 'x');
  bytes.append((8 - bytes.size() % 8) % 8, '\0');
  EXPECT_EQ(read_ld_cache(elf::Bytes(bytes + sample()), 62).size(), 2U);
}

TEST(LdCache, SurvivesEveryTruncationAndEveryByteSetToItsHighest) {
  for (std::size_t size = 0; size < sample().size(); ++size) {
    EXPECT_LE(read_ld_cache(elf::Bytes(sample().substr(0, size)), 62).size(), 2U);
  }
  for (std::size_t at = 0; at < sample().size(); ++at) {
    std::string bytes = sample();
    for (std::size_t i = at; i < bytes.size() && i < at + 4; ++i) bytes[i] = '\xff';
    EXPECT_LE(read_ld_cache(elf::Bytes(bytes), 62).size(), 2U);
  }
}

}  // namespace
}  // namespace envforge::validator::loader
