// Which compatibility data a command uses, how old it says that is, and how other data gets in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/compat/bundle.hpp>
#include <envforge/support/sha256.hpp>

#include "cli.hpp"
#include "support/compat_data.hpp"

namespace envforge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The shipped rows, every file dated `as_of`.
DataJson dated(const std::string& as_of) {
  DataJson data = shipped_data();
  for (auto& [name, content] : data) {
    content["as_of"] = as_of;
    for (auto& [key, source] : content["sources"].items()) source["checked"] = as_of;
  }
  return data;
}

class Data : public ::testing::Test {
 protected:
  std::string folder_of(const DataJson& data) const {
    for (const auto& [name, content] : data) support::write_file_atomically(cli_.path("data/" + name), content.dump());
    return cli_.path("data");
  }
  std::string bundle_of(const DataJson& data) const {
    std::vector<compat::DataFile> files;
    for (const auto& [name, content] : data) files.push_back({name, content.dump()});
    const std::string path = cli_.path("bundle.json");
    support::write_file_atomically(path, compat::write_bundle(files));
    return path;
  }
  process::Outcome update(const std::string& file) const {
    return cli_.run({"data", "update", file, "--sha256", support::sha256_file_hex(file)});
  }
  static std::string newest() { return compat::embedded().as_of(); }
  nlohmann::json summary() const { return nlohmann::json::parse(cli_.run({"--json", "data"}).out); }

  Cli cli_;
};

TEST_F(Data, OfAFolderIsNamedWithItsAgeAndStaleDataIsWarnedAboutOnStandardErrorOnce) {
  const auto old =
      cli_.run({"--json", "--data", folder_of(dated("2025-01-02")), "explain", "--matrix", "--torch", "2.6"});
  EXPECT_EQ(old.exit_code, 0) << old.err;
  EXPECT_THAT(old.err, HasSubstr("note: compatibility data of 2025-01-02, "));
  EXPECT_THAT(old.err, HasSubstr("from " + cli_.path("data")));
  const auto at = old.err.find("warning: compatibility data of 2025-01-02");
  ASSERT_NE(at, std::string::npos) << old.err;
  EXPECT_EQ(old.err.find("warning: compat", at + 1), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(old.out).at("data_as_of"), "2025-01-02");
}

TEST_F(Data, DatedAfterTodayIsWarnedAbout) {
  const auto future = cli_.run({"--data", folder_of(dated("2999-01-01")), "explain", "--about", "conda"});
  EXPECT_EQ(future.exit_code, 0) << future.err;
  EXPECT_THAT(future.err, HasSubstr("warning: compatibility data of 2999-01-01 is dated after today"));
  EXPECT_THAT(cli_.run({"--data", folder_of(shipped_data()), "explain", "--about", "conda"}).err,
              Not(HasSubstr("warning:")));
}

TEST_F(Data, OfAFolderThatIsBrokenIsNamedWithItsFolder) {
  DataJson data = dated("2026-01-02");
  data["gpus.json"].erase("schema");
  const auto broken = cli_.run({"--data", folder_of(data), "explain", "--matrix"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_THAT(broken.err, HasSubstr(cli_.path("data/gpus.json")));
}

TEST_F(Data, ThatIsBuiltInIsNotNamedExceptInTheLog) {
  EXPECT_THAT(cli_.run({"explain", "--about", "conda"}).err, Not(HasSubstr("note:")));
  EXPECT_THAT(cli_.run({"-v", "explain", "--about", "conda"}).err, HasSubstr("built in, sha256:"));
  EXPECT_EQ(summary().at("origin"), "built in");
}

TEST_F(Data, IsReplacedByAFileWithTheRightDigestAndThenUsedByEveryCommand) {
  DataJson data = shipped_data();
  data["topics.json"]["topics"][0]["patterns"] = {"our own question"};
  EXPECT_EQ(cli_.run({"explain", "--about", "our own question"}).exit_code, 4);
  const auto updated = update(bundle_of(data));
  EXPECT_EQ(updated.exit_code, 0) << updated.err;
  const auto answer = cli_.run({"explain", "--about", "our own question"});
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("note: compatibility data of " + newest()));
  EXPECT_EQ(summary().at("origin"), cli_.path(".local/share/envforge/data.json"));
  EXPECT_EQ(summary().at("digest"), knowledge_of(data).digest());
}

TEST_F(Data, OfAnotherDigestAWrongRowAFutureOrAnOlderDateReplacesNothing) {
  const std::string good = bundle_of(shipped_data());
  EXPECT_EQ(cli_.error_code(cli_.run({"--json", "data", "update", good, "--sha256", std::string(64, 'a')})), "EF7002");
  EXPECT_EQ(cli_.run({"data", "update", good, "--sha256", std::string(64, 'a')}).exit_code, 7);
  EXPECT_EQ(cli_.run({"data", "update", good, "--sha256", "abc"}).exit_code, 2);
  EXPECT_EQ(cli_.run({"data", "update", good}).exit_code, 2);
  auto text = nlohmann::json::parse(support::read_file(good));
  text["files"]["gpus.json"]["gpus"][0]["cc"] = "9.9";
  support::write_file_atomically(cli_.path("wrong.json"), text.dump());
  EXPECT_EQ(update(cli_.path("wrong.json")).exit_code, 3);
  EXPECT_THAT(update(bundle_of(dated("2999-01-01"))).err, HasSubstr("which is after today"));
  EXPECT_THAT(update(bundle_of(dated("2025-01-02"))).err, HasSubstr("error[EF3204]"));
  EXPECT_EQ(summary().at("origin"), "built in");
}

TEST_F(Data, OfAnUpdateThatIsOlderThanANewerEnvforgeIsNotUsed) {
  support::write_file_atomically(cli_.path(".local/share/envforge/data.json"),
                                 support::read_file(bundle_of(dated("2025-01-02"))));
  EXPECT_EQ(summary().at("origin"), "built in");
  support::write_file_atomically(cli_.path(".local/share/envforge/data.json"), "{");
  const auto broken = cli_.run({"data"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_THAT(broken.err, HasSubstr("remove " + cli_.path(".local/share/envforge/data.json")));
}

TEST_F(Data, OfAFolderIsPackedToTheFileThatUpdateTakes) {
  const auto packed = cli_.run({"data", "pack", folder_of(shipped_data())});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  EXPECT_EQ(packed.err, "sha256 " + support::sha256_hex(packed.out) + "\n");
  support::write_file_atomically(cli_.path("packed.json"), packed.out);
  EXPECT_EQ(update(cli_.path("packed.json")).exit_code, 0);
}

}  // namespace
}  // namespace envforge::testing
