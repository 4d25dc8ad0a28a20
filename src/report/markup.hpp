// Text of foreign origin inside XML and HTML. Everything that an image or a user can influence goes through escaped().
#pragma once

#include <string>
#include <string_view>

namespace envforge::report {

/// For element content and for attribute values in double quotes, XML 1.0 and HTML alike: markup characters become
/// entities; control characters, broken UTF-8, characters that XML forbids and those that turn the direction of text
/// become visible escapes.
std::string escaped(std::string_view text);

}  // namespace envforge::report
