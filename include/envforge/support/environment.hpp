// The environment of a process as a map. What is read is the caller's word: nothing here looks at this process.
#pragma once

#include <map>
#include <string>

namespace envforge::support {

/// Of entries "NAME=value" that end with a null pointer, as `environ` of <unistd.h> has them. Of a name that stands
/// twice the first entry counts, as for getenv; an entry without "=" is left out.
std::map<std::string, std::string> environment_of(const char* const* entries);

}  // namespace envforge::support
