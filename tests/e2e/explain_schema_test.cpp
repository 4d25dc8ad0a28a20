// What `explain --json` prints obeys the published schema, for each kind of question; and the schema refuses what lacks
// a field or has one too many.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "cli.hpp"
#include "support/schema_check.hpp"

namespace envforge::testing {
namespace {

class ExplainSchema : public SchemaTest {
 protected:
  void SetUp() override {
    SchemaTest::SetUp();
    support::write_file_atomically(cli_.path("envforge.yaml"),
                                   "schema: envforge/recipe/v1\nimage: i\n"
                                   "target:\n  - {name: old, gpus: V100, driver: \"535.183.06\"}\n"
                                   "  - {name: new, gpus: RTX 5090, driver: \"580.65.06\"}\ntorch: \"2.6\"\n");
    support::write_file_atomically(cli_.path("fits.yaml"),
                                   "schema: envforge/recipe/v1\nimage: i\n"
                                   "target: [{name: old, gpus: V100, driver: \"535.183.06\"}]\ntorch: \"2.6\"\n");
  }

  nlohmann::json answer(std::vector<std::string> words) const {
    words.insert(words.begin(), {"explain", "--json"});
    const auto outcome = cli_.run(words);
    const auto parsed = nlohmann::json::parse(outcome.out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << outcome.out << outcome.err;
    return parsed;
  }

  // The names of the files that the schema refuses.
  static std::set<std::string> refused(const std::map<std::string, nlohmann::json>& documents) {
    Texts texts;
    for (const auto& [name, document] : documents) texts[name] = document.dump();
    std::set<std::string> names;
    for (const auto& [name, complaint] : refused_by_schema("explain-v1.schema.json", texts)) names.insert(name);
    return names;
  }

  Cli cli_;
};

TEST_F(ExplainSchema, EachKindOfAnswerObeysItAndAMutatedOneDoesNot) {
  const std::string lock = ENVFORGE_SOURCE_DIR "/tests/golden/documents/lock/v1/sample.lock";
  const std::vector<std::vector<std::string>> questions = {
      {},
      {"fits.yaml"},
      {"fits.yaml", "--why-not", "cuda=12.1"},
      {"fits.yaml", "--upgrade", "torch=2.7"},
      {"fits.yaml", "--why-not", "torch=2.6"},
      {"--locks", lock, "--pool", "ampere=590", "--pool", "any=RTX 5090"},
      {"--matrix", "--torch", "2.6"},
      {"--matrix", "--torch", "99"},
      {"--matrix", "--gpu", "V100,RTX 5090", "--driver", "580"},
      {"--matrix", "fits.yaml"},
      {"--about", "conda"},
      {"--about", "the weather"},
  };
  std::map<std::string, nlohmann::json> documents;
  std::set<std::string> expected;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string name = std::to_string(i);
    const auto document = answer(questions[i]);
    documents["good-" + name] = document;
    auto& more = documents["more-" + name] = document;
    more["surprise"] = 1;
    auto& less = documents["less-" + name] = document;
    less.erase("data_digest");
    expected.insert({"more-" + name, "less-" + name});
  }
  EXPECT_EQ(refused(documents), expected);
}

}  // namespace
}  // namespace envforge::testing
