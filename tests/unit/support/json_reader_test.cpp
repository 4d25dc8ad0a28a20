#include <envforge/support/json_reader.hpp>

#include <gtest/gtest.h>

namespace envforge::support {
namespace {

constexpr ErrorCode kCode = ErrorCode::kMalformedJson;

std::string failure(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), kCode);
    return to_string(error.where().value_or(Where{})) + ": " + error.message();
  }
  return "no error";
}

TEST(ParseJson, RefusesDuplicateKeysDepthAndBrokenTextWithItsPlace) {
  EXPECT_EQ(failure([] { parse_json("{\"a\":1,\"a\":2}", "f", kCode); }),
            "f: not acceptable JSON: the key 'a' stands twice");
  EXPECT_EQ(failure([] { parse_json("{\n  \"a\": ]}", "f", kCode); }), "f:2:8: not valid JSON");
  EXPECT_EQ(failure([] { parse_json("{\n  \"a\": 1", "f", kCode); }), "f:2:9: not valid JSON: it ends too early");
  EXPECT_EQ(failure([] { parse_json("", "f", kCode); }), "f:1:1: the file is empty");
  EXPECT_EQ(failure([] { parse_json(std::string(70, '[') + std::string(70, ']'), "f", kCode); }),
            "f: not acceptable JSON: nested deeper than 64");
  EXPECT_EQ(failure([] { parse_json("{\"a\": 1e999}", "f", kCode); }),
            "f: not acceptable JSON: a number is out of range");
}

TEST(JsonReader, NamesThePointerOfWhatIsMissingOrOfAWrongType) {
  const auto value = parse_json(R"({"a": {"b": [{"c": 1}]}})", "f", kCode);
  JsonReader reader(value, "f", kCode);
  auto items = reader.object("a").objects("b");
  EXPECT_EQ(failure([&] { items.at(0).string("c"); }), "f#/a/b/0/c: 'c' is number; expected a string");
  EXPECT_EQ(failure([&] { items.at(0).string("d"); }), "f#/a/b/0: 'd' is missing; expected a string");
}

TEST(JsonReader, RefusesAnUnknownKeyWithASuggestion) {
  const auto value = parse_json(R"({"verson": "1"})", "f", kCode);
  JsonReader reader(value, "f", kCode);
  reader.string_or("version", "");
  EXPECT_EQ(failure([&] { reader.finish(); }), "f#/verson: unknown key 'verson'; did you mean 'version'?");
}

}  // namespace
}  // namespace envforge::support
