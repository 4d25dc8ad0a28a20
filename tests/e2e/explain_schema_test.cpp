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
    return answer_of(words);
  }
  nlohmann::json answer_of(const std::vector<std::string>& words) const {
    const auto outcome = cli_.run(words);
    const auto parsed = nlohmann::json::parse(outcome.out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << outcome.out << outcome.err;
    return parsed;
  }

  // The names of the files that the schema refuses.
  static std::set<std::string> refused(const std::map<std::string, nlohmann::json>& documents,
                                       const std::string& schema = "explain-v1.schema.json") {
    Texts texts;
    for (const auto& [name, document] : documents) texts[name] = document.dump();
    std::set<std::string> names;
    for (const auto& [name, complaint] : refused_by_schema(schema, texts)) names.insert(name);
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

// What nobody knows must not look like a no in one command and like "not known" in the other.
TEST_F(ExplainSchema, ALockThatCannotBeSolvedShowsTheConflictAsExplainDoes) {
  support::write_file_atomically(cli_.path("newer.yaml"),
                                 "schema: envforge/recipe/v1\nimage: i\n"
                                 "target: [{name: old, gpus: V100}]\ntorch: \"99.1\"\n");
  std::map<std::string, nlohmann::json> documents;
  for (const std::string recipe : {"envforge.yaml", "newer.yaml"}) {
    const auto locked = answer_of({"lock", recipe, "--no-packages", "--json"});
    EXPECT_EQ(locked["conflict"], answer({recipe})["answer"]["conflict"]) << recipe;
    EXPECT_EQ(locked["conflict"]["unknown"], recipe == "newer.yaml");
    documents["good-" + recipe] = locked;
  }
  documents["good-usage"] = answer_of({"lock", "absent.yaml", "--json"});
  EXPECT_FALSE(documents["good-usage"].contains("conflict"));
  documents["bad-more"] = documents["bad-less"] = documents["bad-conflict"] = documents["good-newer.yaml"];
  documents["bad-more"]["error"]["surprise"] = 1;
  documents["bad-less"]["error"].erase("code");
  documents["bad-conflict"]["conflict"].erase("unknown");
  EXPECT_EQ(refused(documents, "error-v1.schema.json"),
            (std::set<std::string>{"bad-more", "bad-less", "bad-conflict"}));
}

}  // namespace
}  // namespace envforge::testing
