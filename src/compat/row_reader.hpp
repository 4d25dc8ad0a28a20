// What every row of the data has in common: sources, dates, versions, and text that outlives the JSON.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/support/json_reader.hpp>
#include <envforge/versions/version.hpp>

#include "data_reader.hpp"

namespace envforge::compat {

class RowReader {
 public:
  /// Reads the head of the file: schema, date and the table of sources.
  RowReader(OwnedTables& owned, const std::string& file, support::JsonReader& reader);

  OwnedTables& owned() { return *owned_; }
  std::string_view keep(std::string text);
  Names keep(const std::vector<std::string>& texts);
  /// A member that must be a version.
  std::string_view version(support::JsonReader& reader, const std::string& key);
  std::string_view version_or_none(support::JsonReader& reader, const std::string& key);
  /// A list of versions, oldest first, none twice.
  Names versions(support::JsonReader& reader, const std::string& key);
  /// "3.13t" ..., oldest first.
  Names free_threaded(support::JsonReader& reader, const std::string& key);
  std::string_view date(support::JsonReader& reader, const std::string& key);
  /// "R535", or "" for null.
  std::string_view branch(support::JsonReader& reader, const std::string& key);
  /// Reads "sources" and "unverified" of a row that is called `row`. `about` may be unverified without being a field:
  /// what the row as a whole says.
  Evidence evidence(support::JsonReader& reader, const std::string& row, std::string_view about = {});

 private:
  OwnedTables* owned_;
  std::string file_;
  std::map<std::string, SourceText> sources_;
};

void read_bases(RowReader& row, support::JsonReader& file);
void read_cuda(RowReader& row, support::JsonReader& file);
void read_cudnn(RowReader& row, support::JsonReader& file);
void read_drivers(RowReader& row, support::JsonReader& file);
void read_gpus(RowReader& row, support::JsonReader& file);
void read_topics(RowReader& row, support::JsonReader& file);
void read_known_bad(RowReader& row, support::JsonReader& file);

/// Sorts by a member that is a version.
template <class Row>
void newest_first(std::vector<Row>& rows, std::string_view Row::*member) {
  std::sort(rows.begin(), rows.end(), [member](const Row& a, const Row& b) {
    return versions::Version::of(a.*member) > versions::Version::of(b.*member);
  });
}

}  // namespace envforge::compat
