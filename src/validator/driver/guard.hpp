// What the driver does so that nothing of the image can speak for it: it cannot be read or written to, a group cannot
// get the right to, and an image that preloads code into every program is refused before any group starts.
// docs/security.md.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace envforge::validator::driver {

/// Before the key is read: no core dump, no ptrace, no /proc/<pid>/mem by any process of this user. Throws
/// Error{kInternal}.
void make_unreadable();

/// In a group's process, between fork and exec: gives up for good the capabilities that would undo make_unreadable.
/// Returns false when the kernel refuses; the group must not start then.
bool give_up_powers();

/// Which preload an environment and a file system carry, in one sentence; nullopt = none. `root` is "" except in tests.
std::optional<std::string> find_preload(const std::function<const char*(const char*)>& environment,
                                        const std::string& root);

}  // namespace envforge::validator::driver
