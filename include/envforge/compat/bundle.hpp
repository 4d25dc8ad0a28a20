// All files of the compatibility data as one file, so that a set travels and is replaced as a whole.
#pragma once

#include <string>
#include <vector>

#include <envforge/compat/knowledge.hpp>

namespace envforge::compat {

/// Checked as rows are, then written as one JSON document: {"schema": "envforge/compat/bundle", "schema_version": 1,
/// "files": {"bases.json": ..., ...}}; the same rows give the same bytes. Throws as parse_knowledge().
std::string write_bundle(const std::vector<DataFile>& files);
/// `file` is for errors. Throws Error{kDataMalformed, kDataReference, kDataTooNew}.
Knowledge parse_bundle(const std::string& text, const std::string& file);

}  // namespace envforge::compat
