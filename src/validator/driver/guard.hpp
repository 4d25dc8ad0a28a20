// What the driver does so that nothing of the image can speak for it: it cannot be read or written to, a group cannot
// get the right to, and an image that preloads code into every program is refused before any group starts.
// docs/security.md.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::validator::driver {

/// Before the key is read: no core dump, no ptrace, no /proc/<pid>/mem by any process of this user. Throws
/// Error{kInternal}.
void make_unreadable();

/// In a group's process, between fork and exec: gives up for good the capabilities that would undo make_unreadable.
/// Returns false when the kernel refuses; the group must not start then.
bool give_up_powers();

/// A library that is loaded into every program, and who can take it away.
struct Preload {
  std::string what;  // one sentence
  protocol::Layer layer;
  std::string mend;
};
/// What an environment and a file system carry of it; nullopt = none. `flags_are_the_runs`: a variable may be the run's
/// own, a file is always the image's. `root` is "" except in tests.
std::optional<Preload> find_preload(const std::function<const char*(const char*)>& environment, const std::string& root,
                                    bool flags_are_the_runs);

}  // namespace envforge::validator::driver
