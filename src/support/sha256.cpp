#include <envforge/support/sha256.hpp>

#include <cstring>
#include <fstream>
#include <vector>

#include <envforge/support/error.hpp>

#include "sha256_compress.hpp"

namespace envforge::support {
namespace {

Sha256Compress best() {
  const Sha256Compress native = sha256_compress_native();
  return native != nullptr ? native : sha256_compress_plain;
}

}  // namespace

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::compress(const std::uint8_t* data, std::size_t blocks) {
  static const Sha256Compress kCompress = best();
  kCompress(state_, data, blocks);
}

void Sha256::update(const void* data, std::size_t bytes) {
  const auto* in = static_cast<const std::uint8_t*>(data);
  std::size_t used = bytes_ % 64;
  bytes_ += bytes;
  if (used > 0) {
    const std::size_t take = std::min(bytes, 64 - used);
    std::memcpy(buffer_.data() + used, in, take);
    in += take;
    bytes -= take;
    used += take;
    if (used < 64) return;
    compress(buffer_.data(), 1);
  }
  const std::size_t blocks = bytes / 64;
  if (blocks > 0) compress(in, blocks);
  if (bytes % 64 > 0) std::memcpy(buffer_.data(), in + 64 * blocks, bytes % 64);
}

std::array<std::uint8_t, 32> Sha256::finish() {
  const std::uint64_t bits = bytes_ * 8;
  const std::uint8_t one = 0x80;
  const std::uint8_t zero = 0;
  update(&one, 1);
  while (bytes_ % 64 != 56) update(&zero, 1);
  std::array<std::uint8_t, 8> length;
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
  update(length.data(), length.size());
  std::array<std::uint8_t, 32> digest;
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < 4; ++j) digest[4 * i + j] = static_cast<std::uint8_t>(state_[i] >> (24 - 8 * j));
  }
  return digest;
}

std::string to_hex(const std::uint8_t* data, std::size_t bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes * 2);
  for (std::size_t i = 0; i < bytes; ++i) {
    text += kDigits[data[i] >> 4];
    text += kDigits[data[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view data) {
  Sha256 hash;
  hash.update(data);
  const auto digest = hash.finish();
  return to_hex(digest.data(), digest.size());
}

std::string sha256_file_hex(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kFileUnreadable, "cannot read " + path + ": " + std::strerror(errno));
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.update(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw Error(ErrorCode::kFileUnreadable, "cannot read " + path + ": " + std::strerror(errno));
  const auto digest = hash.finish();
  return to_hex(digest.data(), digest.size());
}

std::string hmac_sha256_hex(std::string_view key, std::string_view data) {
  std::array<std::uint8_t, 64> pad{};
  if (key.size() > pad.size()) {
    Sha256 hash;
    hash.update(key);
    const auto digest = hash.finish();
    std::copy(digest.begin(), digest.end(), pad.begin());
  } else {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  const auto with = [&](std::uint8_t value) {
    auto out = pad;
    for (auto& byte : out) byte = static_cast<std::uint8_t>(byte ^ value);
    return out;
  };
  Sha256 inner;
  inner.update(with(0x36).data(), 64);
  inner.update(data);
  const auto middle = inner.finish();
  Sha256 outer;
  outer.update(with(0x5c).data(), 64);
  outer.update(middle.data(), middle.size());
  const auto digest = outer.finish();
  return to_hex(digest.data(), digest.size());
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

}  // namespace envforge::support
