// "did you mean": the nearest of a list of names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envforge::support {

/// Damerau-Levenshtein distance (optimal string alignment).
int edit_distance(std::string_view a, std::string_view b);
/// The names within a third of the word's length (at least 1), nearest first, at most three; case is ignored.
std::vector<std::string> suggestions(const std::string& word, const std::vector<std::string>& names);
/// "did you mean 'gpus'?", or "" without a near name.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& names);

}  // namespace envforge::support
