// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (FIPS 198-1). Our own, because the driver and the portable check groups carry
// it into images where no library may be assumed; tested against NIST's vectors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace envforge::support {

class Sha256 {
 public:
  Sha256();
  void update(const void* data, std::size_t bytes);
  void update(std::string_view data) { update(data.data(), data.size()); }
  /// The digest of everything given; the object must not be used afterwards.
  std::array<std::uint8_t, 32> finish();

 private:
  void compress(const std::uint8_t* data, std::size_t blocks);
  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> buffer_{};
  std::uint64_t bytes_ = 0;
};

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);
/// Reads the file in pieces. Throws Error{kFileUnreadable} if it cannot.
std::string sha256_file_hex(const std::string& path);
/// 64 lower-case hex digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view data);
std::string to_hex(const std::uint8_t* data, std::size_t bytes);
/// Compares in a time that depends on the lengths only.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace envforge::support
