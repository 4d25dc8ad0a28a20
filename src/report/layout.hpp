// Numbers and paragraphs as people read them on a terminal. Used by every text of this area.
#pragma once

#include <cstddef>
#include <string>

namespace envforge::report {

std::string fixed(double value, int digits);
/// Three to four significant digits: what a person compares.
std::string figure(double value);
std::string pad(std::string text, std::size_t width);
/// The text when it is short, else its beginning up to a space, with " ..." behind it.
std::string beginning_of(const std::string& text, std::size_t longest);

}  // namespace envforge::report
