// %XX in URLs.
#pragma once

#include <string>
#include <string_view>

namespace envforge::support {

/// "a b" of "a%20b"; a % without two hex digits behind it stays as it is.
std::string percent_decoded(std::string_view text);
/// "/a%20b" of "/a b": what stands for itself in the path of a URL stays.
std::string percent_encoded_path(std::string_view path);

}  // namespace envforge::support
