// What all docker commands share: their first words, their environment, and what their error texts mean. Private to
// engine.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::engine {

std::vector<std::string> docker_argv(const std::string& client, const std::string& host,
                                     const std::vector<std::string>& args);
/// On top of the caller's environment: BuildKit on, and no attestations, which would make equal builds unequal images.
std::map<std::string, std::string> docker_environment();

/// The last line that says something, without docker's own "Error response from daemon: ".
std::string last_line(std::string_view text);
bool engine_is_silent(std::string_view error);
bool is_permission_denied(std::string_view error);
bool is_absent_image(std::string_view error);
/// Whether a build failed over a layer that the engine's build cache names and no longer has, as after a crash or a
/// full disk. Source: moby/buildkit issue 1956 and moby/moby issue 40858 for the words.
bool is_damaged_cache(std::string_view error);
/// A name that nobody can guess or already has.
std::string fresh_name();

}  // namespace envforge::engine
