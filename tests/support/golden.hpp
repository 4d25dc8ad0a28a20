// Golden files: the text that a test expects, beside its input. ENVFORGE_ACCEPT=1 rewrites them, and then the test is
// skipped, never passed.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace envforge::testing {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline bool accepting() {
  const char* value = std::getenv("ENVFORGE_ACCEPT");
  return value != nullptr && std::string(value) == "1";
}

/// Compares `actual` with the golden file. A macro-free test ends with it, for it may skip.
inline void expect_golden(const std::filesystem::path& golden, const std::string& actual) {
  if (accepting()) {
    std::filesystem::create_directories(golden.parent_path());
    std::ofstream(golden, std::ios::binary) << actual;
    GTEST_SKIP() << golden << " was rewritten";
  }
  ASSERT_TRUE(std::filesystem::exists(golden)) << golden << " is missing; ENVFORGE_ACCEPT=1 writes it:\n" << actual;
  EXPECT_EQ(actual, read_text(golden)) << golden;
}

}  // namespace envforge::testing
