#include "local_source.hpp"

#include <map>

#include <envforge/app/load_recipe.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "beside_recipe.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;

std::string digest_of_entry(const fs::path& path, const fs::file_status& status) {
  if (status.type() == fs::file_type::symlink) return "link " + fs::read_symlink(path).string();
  const bool runs = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  return (runs ? "program " : "file ") + support::sha256_file_hex(path.string());
}

}  // namespace

fs::path local_source(const documents::Recipe& recipe, const documents::SourceAddress& source) {
  const auto [found, refused] = beside_recipe(recipe_folder(recipe), source.path);
  if (refused.empty()) return found;
  throw support::Error(support::ErrorCode::kBuildSource,
                       source.name + " is to be built from ./" + source.path + ", " + refused,
                       support::Where{recipe.file, 0, 0, {}});
}

std::string local_source_digest(const documents::Recipe& recipe, const documents::SourceAddress& source) {
  const fs::path root = local_source(recipe, source);
  if (!fs::is_directory(root)) return support::sha256_file_hex(root.string());
  std::map<std::string, std::string> entries;  // in the order of their names
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto status = entry.symlink_status();
    if (status.type() == fs::file_type::directory) continue;
    entries[entry.path().lexically_relative(root).string()] = digest_of_entry(entry.path(), status);
  }
  std::string listing;
  for (const auto& [name, digest] : entries) listing += digest + " " + name + '\0';
  return support::sha256_hex(listing);
}

}  // namespace envforge::app
