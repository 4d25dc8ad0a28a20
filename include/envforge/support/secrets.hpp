// What must not be shown of texts that other people wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envforge::support {

/// `text` with "***" for the user and password of every URL in it. One that an unescaped '/' or '#' of a password
/// breaks is masked up to its last '@'.
std::string mask_credentials(std::string_view text);

/// A variable or an option that by its name holds a secret: HF_TOKEN, --api-key. Case and dashes do not matter.
bool names_secret(std::string_view name);
/// The arguments of a program with "***" for what such an option or variable is given, and mask_credentials for all.
std::vector<std::string> mask_arguments(std::vector<std::string> arguments);

}  // namespace envforge::support
