// ImageSpec as JSON: the form in which it stands in the lock and over which its digest is taken. Private to the area.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <envforge/documents/recipe.hpp>
#include <envforge/support/json_reader.hpp>

#include "grammar.hpp"

namespace envforge::documents {

nlohmann::json spec_to_json(const ImageSpec& spec);
/// Every value passes the grammar that the recipe reader asks of it; places are empty.
ImageSpec spec_from_json(support::JsonReader reader);

/// The text of `key`; a refusal becomes an Error with the JSON pointer.
std::string checked_text(support::JsonReader& reader, const std::string& key, Checked (*check)(std::string_view));
std::vector<std::string> checked_texts(support::JsonReader& reader, const std::string& key,
                                       Checked (*check)(std::string_view));
/// Variables of an environment: names that pass `check_name`, values of any text that a recipe may hold.
std::map<std::string, std::string> checked_variables(support::JsonReader reader,
                                                     Checked (*check_name)(std::string_view));
std::string one_of(support::JsonReader& reader, const std::string& key, const std::vector<std::string>& words);

}  // namespace envforge::documents
