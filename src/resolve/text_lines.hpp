// Lines of an explanation, shared by its kinds.
#pragma once

#include <string>
#include <vector>

#include <envforge/resolve/conflict.hpp>

namespace envforge::resolve {

/// The lines of support::wrap, each behind `indent`, which is spaces.
void add_wrapped(std::vector<std::string>& lines, const std::string& text, const std::string& indent);
std::string text_of(const std::vector<std::string>& lines);
/// "torch 2.6.0, CUDA 12.4 (PyPI), Python 3.11, debian:12".
std::string sentence(const Solution& solution);
void add_item(std::vector<std::string>& lines, const ConflictItem& item);
/// The proof, the hints, what would work (where nothing does: `no_remedy`) and the split.
std::vector<std::string> body_of(const Conflict& conflict, const std::string& no_remedy);

}  // namespace envforge::resolve
