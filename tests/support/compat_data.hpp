// The shipped compatibility data as JSON, for tests that change a row and look at what follows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <envforge/compat/knowledge.hpp>
#include <envforge/support/files.hpp>

namespace envforge::testing {

using DataJson = std::map<std::string, nlohmann::json>;

inline std::string data_folder() {
  return std::string(ENVFORGE_SOURCE_DIR) + "/src/compat/data";
}

inline DataJson shipped_data() {
  DataJson data;
  for (const auto& name : compat::data_file_names()) {
    data[name] = nlohmann::json::parse(support::read_file(data_folder() + "/" + name));
  }
  return data;
}

inline compat::Knowledge knowledge_of(const DataJson& data) {
  std::vector<compat::DataFile> files;
  for (const auto& [name, value] : data) files.push_back({name, value.dump()});
  return compat::parse_knowledge(files);
}

}  // namespace envforge::testing
