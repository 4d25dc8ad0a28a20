// The readers under mutated input: each answers with a value or a support::Error about the document, and with nothing
// else. The seed is fixed, so a failure can be repeated.
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/documents/site_config.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/sha256.hpp>

#include "support/golden.hpp"
#include "support/sample_lock.hpp"

namespace envforge::documents {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end) {
  return end == 0 ? 0 : random() % end;
}

const std::vector<std::string>& tokens() {
  static const std::vector<std::string> words{"\n",
                                              "\n\n",
                                              " ",
                                              "  ",
                                              "\t",
                                              "\r",
                                              "-",
                                              "- ",
                                              "? ",
                                              ": ",
                                              ":",
                                              ",",
                                              "[",
                                              "]",
                                              "{",
                                              "}",
                                              "[[[[",
                                              "{{{{",
                                              "&a ",
                                              "*a",
                                              "<<: ",
                                              "!!str ",
                                              "!",
                                              "|",
                                              ">",
                                              "|\n ",
                                              "'",
                                              "\"",
                                              "\\",
                                              "#",
                                              " # ",
                                              "%YAML 1.2\n",
                                              "---\n",
                                              "...\n",
                                              "~",
                                              "null",
                                              "true",
                                              "1e999",
                                              "-1",
                                              "0x10",
                                              "99999999999999999999",
                                              ".inf",
                                              "$",
                                              "`",
                                              "$(id)",
                                              "..",
                                              "/",
                                              "../../",
                                              "latest",
                                              "root",
                                              "\x00",
                                              "\x1b[2J",
                                              "\xff",
                                              "\xc3",
                                              "\xe2\x80\xae",
                                              "\xef\xbb\xbf",
                                              "schema",
                                              "image",
                                              "target",
                                              "torch",
                                              "gpus",
                                              "packages",
                                              "pip",
                                              "{torch}",
                                              "{",
                                              "@",
                                              ";",
                                              "==",
                                              "sha256:",
                                              "a'b",
                                              std::string(5000, 'x')};
  return words;
}

std::string mutated(std::string text, const std::vector<std::string>& seeds, Random& random) {
  const std::size_t changes = 1 + below(random, 4);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = below(random, text.size() + 1);
    const std::size_t length = below(random, 1 + below(random, 40));
    switch (below(random, 6)) {
      case 0:
        text.insert(at, tokens()[below(random, tokens().size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(below(random, text.size() + 1), length));
        break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 4:
        text.replace(at, length, tokens()[below(random, tokens().size())]);
        break;
      default: {
        const std::string& other = seeds[below(random, seeds.size())];
        text = text.substr(0, at) + other.substr(below(random, other.size() + 1));
      }
    }
  }
  return text;
}

struct Tally {
  int accepted = 0, refused = 0;
};

/// Runs `read`; anything but a value or an Error of the class "bad document" fails the test.
template <class Read>
void try_reading(const std::string& text, Tally& tally, Read read) {
  try {
    read(text);
    ++tally.accepted;
  } catch (const support::Error& error) {
    ++tally.refused;
    ASSERT_EQ(support::exit_code(error.code()), support::ExitCode::kBadDocument)
        << support::format_error(error) << text;
    ASSERT_FALSE(error.message().empty());
  } catch (const std::exception& error) {
    FAIL() << "a foreign exception: " << error.what() << "\n" << text;
  }
}

std::vector<std::string> recipe_seeds() {
  std::vector<std::string> seeds;
  const fs::path source = ENVFORGE_SOURCE_DIR;
  for (const auto& folder : {source / "recipes", source / "tests/golden/documents/hostile"}) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml" && entry.file_size() < 4000) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) seeds.push_back(envforge::testing::read_text(path));
  }
  return seeds;
}

// An accepted recipe must stand in a lock that the lock's reader accepts: the two grammars are one.
void round_trip(const Recipe& recipe) {
  static const LockedPlatform platform = testing::complete_lock().platforms.at("linux/amd64");
  Lock lock = testing::complete_lock();
  lock.spec = testing::without_places(recipe.spec);
  lock.platforms.clear();
  for (const auto& name : lock.spec.platforms) lock.platforms[name] = platform;
  ASSERT_EQ(read_lock(write_lock(lock), "x.lock"), lock);
}

TEST(MutatedRecipes, GiveAValueOrAnErrorAboutTheDocument) {
  constexpr int kRuns = 20000;
  constexpr std::size_t kShipped = 5;
  Random random(20261121);
  const auto seeds = recipe_seeds();
  ASSERT_GT(seeds.size(), 60U);
  Tally tally;
  for (int i = 0; i < kRuns && !HasFatalFailure(); ++i) {
    // Two of three begin with a recipe that is shipped, so that many mutants are nearly or really valid.
    const std::size_t seed = below(random, 3) == 0 ? below(random, seeds.size()) : below(random, kShipped);
    try_reading(mutated(seeds[seed], seeds, random), tally, [](const std::string& text) {
      round_trip(read_recipe(text, "m.yaml", [](CompanionKind kind, const std::string& name) {
        return Companion{name, kind == CompanionKind::kRequirements
                                   ? "pandas\n"
                                   : "schema: envforge/fleet/v1\npools: [{name: a, gpus: A100}]\n"};
      }));
    });
  }
  EXPECT_GT(tally.accepted, kRuns / 200) << "too few mutations keep a recipe valid for the test to mean much";
  EXPECT_GT(tally.refused, kRuns / 2);
}

TEST(MutatedConfigurations, FleetFilesAndRequirementsGiveAValueOrAnErrorAboutTheDocument) {
  constexpr int kRuns = 5000;
  Random random(7);
  const std::vector<std::string> seeds{
      "schema: envforge/config/v1\nca_bundle: /x.pem\nregistry: {debian:12: a/b}\nbases: {debian:12: {image: "
      "\"a:1\"}}\ndefault_index: https://u:p@x/y\n",
      "schema: envforge/fleet/v1\npools: [{name: a, gpus: [A100, L4], driver: \"550.90.07\"}]\n",
      "numpy>=2,<3 # why\nuvicorn[standard]~=0.30 ; python_version >= '3.10' and (os_name == 'posix')\n"};
  Tally tally;
  for (int i = 0; i < kRuns && !HasFatalFailure(); ++i) {
    try_reading(mutated(seeds[0], seeds, random), tally,
                [](const std::string& text) { describe(read_site_config(text, "c.yaml")); });
    try_reading(mutated(seeds[1], seeds, random), tally, [](const std::string& text) { read_fleet(text, "f.yaml"); });
    try_reading(mutated(seeds[2], seeds, random), tally,
                [](const std::string& text) { read_requirements(text, "r.txt"); });
  }
  EXPECT_GT(tally.accepted, kRuns / 100);
}

// One value somewhere in the document becomes another, or goes.
void mutate_json(json& document, Random& random) {
  const std::vector<json> values{nullptr,
                                 true,
                                 -1,
                                 0,
                                 1.5,
                                 18446744073709551615U,
                                 "",
                                 "x",
                                 "../x",
                                 "$(id)",
                                 "\n",
                                 "sha256:",
                                 std::string(64, 'f'),
                                 json::array(),
                                 json::object(),
                                 json{{"a", 1}},
                                 json{"a", "b"}};
  json* at = &document;
  while (at->is_structured() && !at->empty() && below(random, 6) != 0) {
    auto next = at->begin();
    std::advance(next, static_cast<std::ptrdiff_t>(below(random, at->size())));
    if (below(random, 12) == 0) {
      at->erase(next);
      return;
    }
    at = &*next;
  }
  *at = values[below(random, values.size())];
}

TEST(MutatedLocks, GiveAValueOrAnErrorAboutTheDocument) {
  constexpr int kRuns = 4000;
  Random random(42);
  const std::string text = write_lock(testing::complete_lock());
  const std::vector<std::string> seeds{text};
  const json whole = json::parse(text);
  const auto read = [](const std::string& lock) { ASSERT_NO_FATAL_FAILURE(write_lock(read_lock(lock, "m.lock"))); };
  Tally tally;
  for (int i = 0; i < kRuns && !HasFatalFailure(); ++i) {
    try_reading(mutated(text, seeds, random), tally, read);
    json document = whole;
    document.erase("digest");
    mutate_json(document, random);
    if (document.is_object()) document["digest"] = "sha256:" + support::sha256_hex(support::canonical_json(document));
    try_reading(document.dump(), tally, read);
  }
  EXPECT_GT(tally.refused, kRuns);
}

}  // namespace
}  // namespace envforge::documents
