// Where the members of a tar file lie. Private to engine: `docker save` writes ustar with PAX or GNU extensions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace envforge::engine {

struct TarMember {
  enum class Type { kFile, kLink, kOther } type = Type::kOther;
  std::string name;
  std::string link;  // kLink: symbolic or hard, as it stands there
  bool symbolic = false;
  std::uint64_t offset = 0;  // of its bytes in the file
  std::uint64_t bytes = 0;
};

/// Throws kSavedImage for what is no whole tar file.
std::vector<TarMember> index_tar(const std::string& file);

}  // namespace envforge::engine
