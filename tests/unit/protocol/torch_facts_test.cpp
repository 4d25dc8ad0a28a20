#include <envforge/protocol/torch_facts.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>

namespace envforge::protocol {
namespace {

TorchFacts some() {
  return {
      "",      "/opt/venv/lib/python3.11/site-packages/torch", "2.6.0+cu124", "3.11", "ab12", "/usr/bin/g++", "2.36",
      "3.4.30"};
}

TEST(TorchFacts, SurviveTheRoadOutOfAContainer) {
  const TorchFacts facts = torch_facts_from_text(to_json(some()).dump());
  EXPECT_EQ(to_json(facts), to_json(some()));
}

TEST(TorchFacts, WithAPathThatIsNoPlainNameAreRefused) {
  for (const char* folder : {"/opt/a b/torch", "/opt/x\nRUN y", "/opt/$(id)", "/opt/;x"}) {
    TorchFacts facts = some();
    facts.folder = folder;
    EXPECT_THROW(torch_facts_from_text(to_json(facts).dump()), support::Error) << folder;
  }
  EXPECT_THROW(torch_facts_from_text("PASS"), support::Error);
  EXPECT_THROW(torch_facts_from_text("{}"), support::Error);
}

TEST(SymbolVersion, IsTheHighestWholeNumberBehindThePrefix) {
  using namespace std::string_literals;
  const std::string bytes = "GLIBC_2.4\0GLIBC_2.17\0GLIBC_2.2.5\0GLIBC_2.99x\0GLIBCXX_3.4.9\0GLIBCXX_3.4.30\0"s;
  EXPECT_EQ(highest_symbol_version(bytes, "GLIBC_2."), "2.17");
  EXPECT_EQ(highest_symbol_version(bytes, "GLIBCXX_3.4."), "3.4.30");
  EXPECT_EQ(highest_symbol_version("nothing", "GLIBC_2."), "");
}

}  // namespace
}  // namespace envforge::protocol
