// One build of the engine, told as it goes; and what a site gives to builds as secrets.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>

namespace envforge::app {

/// Throws Error{kInterrupted}, or Error{kBuildFailed} with the last lines of the failing step.
engine::BuildResult build_or_throw(World& world, const engine::BuildRequest& request, const std::string& step);

/// The CA bundle, and in a file of `folder` mirrors, proxies and credentials: id -> file.
std::map<std::string, std::string> site_secrets(const World& world, const documents::LockedPlatform& locked,
                                                const std::filesystem::path& folder);

}  // namespace envforge::app
