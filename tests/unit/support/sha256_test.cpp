#include <envforge/support/sha256.hpp>

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include <envforge/support/files.hpp>

#include "sha256_compress.hpp"

namespace envforge::support {
namespace {

// FIPS 180-4 example vectors (NIST CSRC, "SHA256.pdf") and the million-'a' vector.
TEST(Sha256, MatchesNistVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameDigestAsTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (const std::size_t piece : {1U, 3U, 63U, 64U, 65U, 500U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) hash.update(std::string_view(text).substr(at, piece));
    const auto digest = hash.finish();
    EXPECT_EQ(to_hex(digest.data(), digest.size()), sha256_hex(text)) << piece;
  }
}

TEST(Sha256, TheProcessorsInstructionsGiveWhatPlainCodeGives) {
  const Sha256Compress native = sha256_compress_native();
  if (native == nullptr) GTEST_SKIP() << "this processor has no SHA-256 instructions";
  std::array<std::uint32_t, 8> plain_state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  auto native_state = plain_state;
  std::uint32_t number = 1;
  for (std::size_t blocks = 1; blocks < 20; ++blocks) {
    std::vector<std::uint8_t> data(64 * blocks + 1);
    for (auto& byte : data) byte = static_cast<std::uint8_t>((number = number * 1664525 + 1013904223) >> 24);
    sha256_compress_plain(plain_state, data.data() + 1, blocks);  // + 1: no alignment is promised
    native(native_state, data.data() + 1, blocks);
    ASSERT_EQ(native_state, plain_state) << blocks;
  }
}

// The digest of "abc" by plain code alone: on a machine with instructions no other test runs it against a vector.
TEST(Sha256, PlainCodeMatchesANistVector) {
  std::array<std::uint8_t, 64> block{'a', 'b', 'c', 0x80};
  block[63] = 24;
  std::array<std::uint32_t, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  sha256_compress_plain(state, block.data(), 1);
  EXPECT_EQ(state, (std::array<std::uint32_t, 8>{0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c,
                                                 0xb410ff61, 0xf20015ad}));
}

TEST(Sha256, FileDigestEqualsTheDigestOfItsBytes) {
  const TempDir folder;
  write_file_atomically(folder.path() / "f", "abc");
  EXPECT_EQ(sha256_file_hex((folder.path() / "f").string()), sha256_hex("abc"));
}

// RFC 4231, test cases 2 and 6 (a key longer than a block).
TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(ConstantTimeEqual, ComparesContentAndLength) {
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "abcd"));
}

}  // namespace
}  // namespace envforge::support
