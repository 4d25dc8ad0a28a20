// What `data`, `data check` and `data update` print with --json obeys the published schema; and the schema refuses what
// lacks a field or has one too many.
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/sha256.hpp>

#include "cli.hpp"
#include "support/archives.hpp"
#include "support/elf_builder.hpp"
#include "support/schema_check.hpp"

namespace envforge::testing {
namespace {

using ::testing::UnorderedElementsAre;

class DataSchema : public SchemaTest {
 protected:
  nlohmann::json answer(std::vector<std::string> words, int exit_code) const {
    words.insert(words.begin(), "--json");
    const auto outcome = cli_.run(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.out << outcome.err;
    return nlohmann::json::parse(outcome.out, nullptr, false);
  }
  // The names of the documents that the schema refuses.
  static std::set<std::string> refused(const std::map<std::string, nlohmann::json>& documents) {
    Texts texts;
    for (const auto& [name, document] : documents) texts[name] = document.dump();
    std::set<std::string> names;
    for (const auto& [name, complaint] : refused_by_schema("data-v1.schema.json", texts)) names.insert(name);
    return names;
  }
  static void expect_only(const nlohmann::json& written) {
    std::map<std::string, nlohmann::json> documents = {{"written", written}};
    std::set<std::string> expected = {"more", "kind", "version"};
    documents["more"] = documents["kind"] = documents["version"] = written;
    documents["more"]["surprise"] = 1;
    documents["kind"]["answer"] = "draft";
    documents["version"]["schema_version"] = 2;
    for (const auto& [key, value] : written.items()) {
      expected.insert("without-" + key);
      (documents["without-" + key] = written).erase(key);
    }
    EXPECT_EQ(refused(documents), expected) << written;
  }

  Cli cli_;
};

TEST_F(DataSchema, TakesTheSummaryAndTheUpdate) {
  expect_only(answer({"data"}, 0));
  support::write_file_atomically(cli_.path("bundle.json"),
                                 cli_.run({"data", "pack", ENVFORGE_SOURCE_DIR "/src/compat/data"}).out);
  const std::string sha256 = support::sha256_file_hex(cli_.path("bundle.json"));
  expect_only(answer({"data", "update", "bundle.json", "--sha256", sha256}, 0));
}

TEST_F(DataSchema, TakesAComparisonWithAWheel) {
  const std::string fat = tests::fat_binary({{true, 80, 0, 8}, {true, 90, 'a', 8}, {false, 90, 0, 8}});
  support::write_file_atomically(
      cli_.path("torch.whl"),
      make_zip({{"torch/version.py", "__version__ = '2.6.0+cu124'\ncuda: Optional[str] = '12.4'\n"},
                {"torch/lib/libtorch_cuda.so", tests::elf_library({"", {}, "", "", {{".nv_fatbin", fat}}})}}));
  const auto document = answer({"data", "check", "--wheel", "torch.whl"}, 1);
  ASSERT_EQ(document["wheels"].size(), 1U);
  EXPECT_EQ(document["differences"][0]["field"], "sass");
  expect_only(document);
  std::map<std::string, nlohmann::json> changed = {{"target", document}, {"platform", document}};
  changed["target"]["wheels"][0]["sass"][0] = "8.0";
  changed["platform"]["wheels"][0]["platform"] = "windows";
  EXPECT_THAT(refused(changed), UnorderedElementsAre("target", "platform"));
  EXPECT_EQ(cli_.run({"data", "check", "--wheel", "torch.whl", "--torch", "2.6"}).exit_code, 2);
  EXPECT_EQ(cli_.run({"data", "check", "--wheel", "absent.whl"}).exit_code, 6);
}

TEST_F(DataSchema, TakesAComparisonWithPyPIThatFindsARowToBeWrong) {
  for (const auto& file : std::filesystem::directory_iterator(ENVFORGE_SOURCE_DIR "/src/compat/data"))
    if (file.path().extension() == ".json")
      support::write_file_atomically(cli_.path("data/" + file.path().filename().string()),
                                     support::read_file(file.path()));
  auto torch = cli_.json("data/pytorch.json");
  for (auto& release : torch["releases"]) {
    if (release["version"] == "2.6.0") release["torchvision"] = "0.20.1";
  }
  support::write_file_atomically(cli_.path("data/pytorch.json"), torch.dump());
  const auto checked = cli_.run({"--json", "--data", cli_.path("data"), "data", "check", "--torch", "2.6.0"});
  const std::string code = Cli::error_code(checked);
  if (code == "EF5203" || code == "EF5208") return cannot_run("network", checked.out);
  ASSERT_EQ(checked.exit_code, 1) << checked.out << checked.err;
  const auto document = nlohmann::json::parse(checked.out);
  ASSERT_EQ(document["differences"].size(), 1U) << checked.out;
  EXPECT_EQ(document["differences"][0]["field"], "torchvision");
  expect_only(document);

  std::map<std::string, nlohmann::json> changed = {{"none", document}, {"field", document}, {"age", document}};
  changed["none"]["differences"] = nlohmann::json::array();
  changed["field"]["differences"][0].erase("found");
  changed["age"]["data_age_days"] = "9";
  EXPECT_THAT(refused(changed), UnorderedElementsAre("field", "age"));
}

}  // namespace
}  // namespace envforge::testing
