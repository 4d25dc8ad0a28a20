// The published schemas, as the program check-jsonschema reads them.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "support/require.hpp"

namespace envforge::testing {

using Texts = std::map<std::string, std::string>;  // file name -> content

/// The files that docs/schemas/`schema` refuses, each with its first complaint.
inline std::map<std::string, std::string> refused_by_schema(const std::string& schema, const Texts& texts) {
  const support::TempDir folder;
  process::Command command;
  command.argv = {"check-jsonschema",
                  "--no-cache",
                  "-o",
                  "json",
                  "--schemafile",
                  std::string(ENVFORGE_SOURCE_DIR) + "/docs/schemas/" + schema};
  for (const auto& [name, text] : texts) {
    support::write_file_atomically(folder.path() / name, text);
    command.argv.push_back((folder.path() / name).string());
  }
  const auto report = nlohmann::json::parse(process::PosixProcessRunner().run(command).out, nullptr, false);
  std::map<std::string, std::string> refused;
  if (report.is_discarded()) return {{"check-jsonschema", "gave no JSON"}};
  for (const char* kind : {"errors", "parse_errors"}) {
    for (const auto& error : report.value(kind, nlohmann::json::array())) {
      refused.emplace(std::filesystem::path(error.at("filename").get<std::string>()).filename().string(), error.dump());
    }
  }
  return refused;
}

/// In a test's body: true where that program is not here, which then is said.
inline bool no_schema_program() {
  if (!process::PosixProcessRunner().find_programs("check-jsonschema").empty()) return false;
  cannot_run("check-jsonschema", "it is not installed (`pip install check-jsonschema`)");
  return true;
}

/// A test that asks the schemas; without the program it cannot run.
class SchemaTest : public ::testing::Test {
 protected:
  void SetUp() override { no_schema_program(); }
};

}  // namespace envforge::testing
