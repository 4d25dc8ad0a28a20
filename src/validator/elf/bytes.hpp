// A read-only view of bytes that nobody vouches for: every read says whether it stayed inside. Used by the ELF, fat
// binary and ld.so.cache readers. It must not know what the bytes mean, nor own them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace envforge::validator::elf {

class Bytes {
 public:
  Bytes() = default;
  Bytes(const void* data, std::size_t size) : data_(static_cast<const unsigned char*>(data)), size_(size) {}
  explicit Bytes(std::string_view text) : Bytes(text.data(), text.size()) {}

  const unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool contains(std::uint64_t offset, std::uint64_t count) const { return offset <= size_ && count <= size_ - offset; }

  /// The little-endian number at `offset`, or nullopt beyond the end.
  template <class Number>
  std::optional<Number> read(std::uint64_t offset) const {
    if (!contains(offset, sizeof(Number))) return std::nullopt;
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value = static_cast<Number>(value | static_cast<Number>(static_cast<Number>(data_[offset + i]) << (8 * i)));
    }
    return value;
  }

  std::optional<Bytes> slice(std::uint64_t offset, std::uint64_t count) const {
    if (!contains(offset, count)) return std::nullopt;
    return Bytes(data_ + offset, static_cast<std::size_t>(count));
  }

  /// The zero-terminated text at `offset`; nullopt without an end inside or when it is longer than `longest`.
  std::optional<std::string> text(std::uint64_t offset, std::size_t longest = 4096) const {
    if (offset >= size_) return std::nullopt;
    const std::size_t room = size_ - static_cast<std::size_t>(offset);
    const std::size_t limit = room < longest + 1 ? room : longest + 1;
    const void* end = std::memchr(data_ + offset, 0, limit);
    if (end == nullptr) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(data_ + offset), static_cast<const char*>(end));
  }

 private:
  const unsigned char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace envforge::validator::elf
