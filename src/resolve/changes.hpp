// A wish that is given up: the recipe changed to what a candidate has, and the lines that a user changes for it.
#pragma once

#include <vector>

#include <envforge/resolve/conflict.hpp>

#include "problem.hpp"

namespace envforge::resolve {

/// How much a user gives up with a wish of this kind.
int cost_of(WishKind kind);
/// Changes `spec`, in which other wishes may be given up already. False where there is nothing else to write.
bool change_recipe(const Problem& problem, const Wish& wish, const Candidate& candidate, documents::ImageSpec& spec,
                   std::vector<Change>& changes);
/// The recipe without a pool. False where no other pool is left.
bool leave_pool_out(const Problem& problem, const std::string& pool, documents::ImageSpec& spec,
                    std::vector<Change>& changes);

}  // namespace envforge::resolve
