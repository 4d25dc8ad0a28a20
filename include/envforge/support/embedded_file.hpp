// A file that is part of the program; see cmake/EmbedFiles.cmake, whose generated headers declare the lists.
#pragma once

#include <string_view>

namespace envforge::embedded {

struct File {
  std::string_view path;
  std::string_view content;
};

}  // namespace envforge::embedded
