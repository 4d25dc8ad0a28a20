// Versions of the parts of a torch build: torch.cudnn and its like, and entries of packages.pip that name such a part.
// A build brings exactly what it requires; nothing is put in its place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "problem.hpp"
#include "rules.hpp"

namespace envforge::resolve {

/// nullopt: the entry is of another package, counts on none of the platforms by its marker, or only uv can say what it
/// asks. A wheel's address asks for the version in its name.
std::optional<PartWish> part_of_package(const std::string& entry, const std::vector<std::string>& platforms);
/// "9.1.0.70"; "" = not known, or the build has none.
std::string_view version_of_part(const BuildOption& option, std::string_view part);
/// Whether torch brings triton for that Python.
bool needs_triton(const compat::Release& release, std::string_view python);

/// A package of NVIDIA's for another CUDA than the build's: nvidia-cublas-cu12 is for 12, nvidia-cublas from 13 on.
bool is_for_another_cuda(const PartWish& wish, const BuildOption& option);
inline constexpr std::string_view kNothingElse = "envforge puts nothing else in the place of what a build requires";

/// Whether the entry counts on any of its platforms with the candidate's Python; without a marker it does.
versions::Truth counts(const PartWish& wish, const Candidate& candidate);
/// Whether the row of its version is sure of it.
bool is_verified(const PartWish& wish, const BuildOption& option);
/// The Python decides only where the part is triton or the entry has a marker; else it may be "".
Fit part_fit(const PartWish& wish, const Candidate& candidate, const BuildOption& option);
/// Why the build does not have the part as it is wanted.
Fact part_fact(const compat::Knowledge& knowledge, const PartWish& wish, const Candidate& candidate,
               const BuildOption& option);

}  // namespace envforge::resolve
