// A test that cannot run here says why and is skipped, unless ENVFORGE_REQUIRE ("engine,network") names what it needs:
// then the skip is a failure, so that CI cannot pass by having nothing.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace envforge::testing {

inline bool is_required(const std::string& what) {
  const char* list = std::getenv("ENVFORGE_REQUIRE");
  return list != nullptr && ("," + std::string(list) + ",").find("," + what + ",") != std::string::npos;
}

/// For SetUp: skips the test, or fails it. In a test's body, return after it.
inline void cannot_run(const std::string& what, const std::string& why) {
  if (is_required(what)) FAIL() << "ENVFORGE_REQUIRE names " << what << ", but " << why;
  GTEST_SKIP() << "needs " << what << ": " << why;
}

}  // namespace envforge::testing
