// Files beside the recipe that a package is built from.
#pragma once

#include <filesystem>
#include <string>

#include <envforge/documents/recipe.hpp>
#include <envforge/documents/source_package.hpp>

namespace envforge::app {

/// The folder or archive, links followed. Throws Error{kBuildSource} if it is not there or lies outside the recipe's
/// folder.
std::filesystem::path local_source(const documents::Recipe& recipe, const documents::SourceAddress& source);

/// 64 hex digits over the names, the bytes and the executable bits below it; of links, where they point.
std::string local_source_digest(const documents::Recipe& recipe, const documents::SourceAddress& source);

}  // namespace envforge::app
