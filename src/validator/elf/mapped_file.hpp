// A file mapped read-only, so that a library of a gigabyte costs only the pages that are looked at.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "elf/bytes.hpp"

namespace envforge::validator::elf {

class MappedFile {
 public:
  /// nullopt when the file cannot be opened, is no regular file, or is empty.
  static std::optional<MappedFile> open(const std::string& path);

  // Move only: the mapping has one owner.
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, Bytes())) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const Bytes& bytes() const { return bytes_; }

 private:
  explicit MappedFile(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

}  // namespace envforge::validator::elf
