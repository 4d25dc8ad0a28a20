// Which packages' own requirements stand in the explanation of a conflict: a package that pins torch joins the problem
// that way. Used by app when it locks.
#pragma once

#include <string>
#include <vector>

#include <envforge/packages/python_resolver.hpp>

namespace envforge::packages {

/// What a package of the closure demands of another.
struct PackageNeed {
  std::string package, versions;  // xformers, "==0.0.28" or the range that uv speaks of; "" = all
  std::string needs;              // torch==2.5.1
};

/// The sentences of the conflict's lines that tell what some package needs of `project`; without what the recipe itself
/// asks for. In their order, each once.
std::vector<PackageNeed> needs_of(const PythonConflict& conflict, const std::string& project);

}  // namespace envforge::packages
