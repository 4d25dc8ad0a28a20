// The key of a report's MAC. Each run has its own, derived from a secret of this user on this machine and the run's
// nonce, so that a report can be told from a hand-written one later too, here and by nobody else.
#pragma once

#include <filesystem>
#include <string>

namespace envforge::app {

/// Reads the secret at `path`, or makes one (0600, from the system's random source) if there is none. Throws
/// Error{kFileWrite, kFileUnreadable}; also when others may read the file.
std::string report_secret(const std::filesystem::path& path);
/// HMAC-SHA-256(secret, "envforge report key v1 " + nonce), hex.
std::string report_key(const std::string& secret, const std::string& nonce);

}  // namespace envforge::app
