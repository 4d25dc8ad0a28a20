// From a recipe and the version knowledge to a version set, or to the proof that there is none. Pure: no files, no
// clock, no output.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <envforge/compat/knowledge.hpp>
#include <envforge/documents/recipe.hpp>
#include <envforge/resolve/conflict.hpp>
#include <envforge/resolve/solution.hpp>

namespace envforge::resolve {

/// What an older lock of the recipe chose; kept where it still fits.
struct OldChoice {
  std::string torch;         // 2.6.0
  std::string cuda_variant;  // cu124
};

using Outcome = std::variant<Solution, Conflict>;

/// Complete and deterministic: newest torch first, then the build that PyPI serves, then the newest CUDA. Builds of
/// which nobody can say whether they run are taken only if nothing else is left. The base's own Python is taken before
/// one of `pythons`, the archives of the site, and one without a GIL only where the recipe names it. Throws
/// Error{kGpuUnknown, kGpuAmbiguous}.
Outcome resolve(const documents::ImageSpec& spec, const compat::Knowledge& knowledge,
                const std::vector<documents::PythonArchive>& pythons = {},
                const std::optional<OldChoice>& old = std::nullopt);

}  // namespace envforge::resolve
