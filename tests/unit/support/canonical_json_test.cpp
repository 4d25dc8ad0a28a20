#include <envforge/support/canonical_json.hpp>

#include <gtest/gtest.h>

namespace envforge::support {
namespace {

TEST(CanonicalJson, SortsKeysAndHasNoSpace) {
  const nlohmann::json value = {{"b", 1}, {"a", {true, nullptr, "\xc3\xa9"}}};
  EXPECT_EQ(canonical_json(value), "{\"a\":[true,null,\"\xc3\xa9\"],\"b\":1}");
  EXPECT_EQ(nlohmann::json::parse(readable_json(value)), value);
  EXPECT_EQ(readable_json(value).back(), '\n');
}

}  // namespace
}  // namespace envforge::support
