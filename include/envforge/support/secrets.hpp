// What must not be shown of texts that other people wrote.
#pragma once

#include <string>
#include <string_view>

namespace envforge::support {

/// `text` with "***" for the user and password of every URL in it. One that an unescaped '/' or '#' of a password
/// breaks is masked up to its last '@'.
std::string mask_credentials(std::string_view text);

}  // namespace envforge::support
