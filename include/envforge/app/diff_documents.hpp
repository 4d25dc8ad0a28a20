// Two things of one kind side by side: locks, recipes, images, or reports of verify.
#pragma once

#include <string>

#include <envforge/app/world.hpp>

namespace envforge::app {

struct DocumentDiff {
  std::string text;  // 80 columns
  std::string json;
  std::string details = {};  // the text with every row; "" where `text` has them all
};

/// Each of the two is a file, whose content says what it is, or else an image of the engine. Recipes are solved,
/// without a network. An image is compared by the lock that its label names where that lock is kept here, else by its
/// labels. Throws Error{kUsage} for kinds that differ or that have no comparison, Error{kImageAbsent} for what is
/// neither file nor image, and what the readers throw.
DocumentDiff diff_documents(World& world, const std::string& a, const std::string& b);

}  // namespace envforge::app
