// A wheel as it lies on disk: a zip, of which single files are read or unpacked. Knows the parts of PKWARE's APPNOTE
// 6.3 that wheels have: stored and deflated members, zip64. Nothing in it is executed, and nothing is written under a
// name that the wheel chose.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::packages {

struct WheelMember {
  std::string name;          // torch/lib/libtorch_cuda.so
  std::uint64_t size = 0;    // bytes when unpacked
  std::uint64_t packed = 0;  // bytes in the wheel
  std::uint64_t header = 0;  // where in the wheel its local header stands
  std::uint32_t crc32 = 0;
  std::uint16_t method = 0;  // 0 = stored, 8 = deflated
};

class WheelFile {
 public:
  /// Reads the list of members. Throws Error{kFileUnreadable}.
  explicit WheelFile(std::string path);

  const std::vector<WheelMember>& members() const { return members_; }
  /// nullptr if there is none of that name.
  const WheelMember* find(std::string_view name) const;
  /// A member of at most 16 MiB. Throws Error{kFileUnreadable}.
  std::string text(const WheelMember& member) const;
  /// Writes the member to the file `target`, block by block. Throws Error{kFileUnreadable, kFileWrite}.
  void unpack(const WheelMember& member, const std::string& target) const;

 private:
  using Sink = std::function<void(std::string_view block)>;
  /// Gives the unpacked bytes in order, and checks their number and CRC-32.
  void read(const WheelMember& member, const Sink& sink) const;

  std::string path_;
  std::vector<WheelMember> members_;
};

}  // namespace envforge::packages
