// Where the members of a tar file lie: ustar with PAX or GNU extensions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <envforge/support/error_code.hpp>

namespace envforge::support {

struct TarMember {
  enum class Type { kFile, kFolder, kLink, kOther } type = Type::kOther;
  std::string name;
  std::string link;  // kLink: symbolic or hard, as it stands there
  bool symbolic = false;
  bool executable = false;   // by its owner
  std::uint64_t offset = 0;  // of its bytes in the file
  std::uint64_t bytes = 0;
};

/// Throws Error{code} for what is no whole tar file.
std::vector<TarMember> index_tar(const std::string& file, ErrorCode code);

}  // namespace envforge::support
