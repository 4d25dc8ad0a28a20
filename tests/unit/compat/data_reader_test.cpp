// One change to the shipped data each, and what the checks say to it.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "support/compat_data.hpp"

namespace envforge::compat {
namespace {

using support::Error;
using support::ErrorCode;
using testing::DataJson;
using ::testing::HasSubstr;

void expect_refused(const std::function<void(DataJson&)>& change, ErrorCode code, const std::string& message) {
  DataJson data = testing::shipped_data();
  change(data);
  try {
    testing::knowledge_of(data);
    ADD_FAILURE() << "was not refused: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_THAT(error.message(), HasSubstr(message));
  }
}

TEST(DataReader, TakesTheShippedData) {
  EXPECT_NO_THROW(testing::knowledge_of(testing::shipped_data()));
}

TEST(DataReader, RefusesARowWithoutSourceOrDate) {
  expect_refused([](DataJson& d) { d["gpus.json"]["gpus"][0].erase("sources"); }, ErrorCode::kDataMalformed, "sources");
  expect_refused([](DataJson& d) { d["gpus.json"]["gpus"][0]["sources"] = nlohmann::json::array(); },
                 ErrorCode::kDataMalformed, "a row needs a source");
  expect_refused([](DataJson& d) { d["cuda.json"]["sources"]["NVMVC"]["checked"] = "soon"; }, ErrorCode::kDataMalformed,
                 "expected a date like 2026-11-21 or 2026-11, found 'soon'");
  expect_refused([](DataJson& d) { d["cuda.json"]["sources"]["NVMVC"].erase("checked"); }, ErrorCode::kDataMalformed,
                 "checked");
}

TEST(DataReader, RefusesASourceThatDoesNotSayWhatWasRead) {
  expect_refused([](DataJson& d) { d["cuda.json"]["sources"]["NVMVC"].erase("kind"); }, ErrorCode::kDataMalformed,
                 "'kind' is missing");
  try {
    DataJson data = testing::shipped_data();
    data["cuda.json"]["sources"]["NVMVC"]["kind"] = "rumour";
    testing::knowledge_of(data);
    ADD_FAILURE() << "was not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("expected artifact or document, found 'rumour'"));
    EXPECT_THAT(support::format_error(error), HasSubstr("/sources/NVMVC/kind"));
  }
}

TEST(DataReader, RefusesADocumentThatIsShownBeforeAnArtifact) {
  expect_refused(
      [](DataJson& d) {
        d["cudnn.json"]["floors"][0]["sources"] = {"PTDEV", "WHEEL_DNN"};
      },
      ErrorCode::kDataMalformed, "a document stands before an artifact: the strongest source comes first");
}

TEST(DataReader, RefusesMachineCodeThatNamesNoSourceOfItsOwn) {
  const auto platform = [](DataJson& d) -> nlohmann::json& {
    return d["pytorch.json"]["releases"][0]["builds"][0]["platforms"]["linux/amd64"];
  };
  expect_refused([&](DataJson& d) { platform(d).erase("sources"); }, ErrorCode::kDataMalformed, "sources");
  expect_refused([&](DataJson& d) { platform(d)["unverified"] = {"min_glibc"}; }, ErrorCode::kDataMalformed,
                 "'min_glibc' is no field that can be unverified here");
}

TEST(DataReader, RefusesDatesThatAreNoneAndAMonthAsTheNewest) {
  for (const char* date : {"2026-13", "2026-00-01", "2026-11-32", "2026-11-31", "2026-11-1"}) {
    expect_refused([&](DataJson& d) { d["cuda.json"]["as_of"] = date; }, ErrorCode::kDataMalformed, date);
  }
  expect_refused([](DataJson& d) { d["cuda.json"]["as_of"] = "2026-12"; }, ErrorCode::kDataMalformed,
                 "the newest `as_of` of the data is the month 2026-12, and locks need a day");
  DataJson older = testing::shipped_data();
  older["cuda.json"]["as_of"] = "2026-08";
  EXPECT_NO_THROW(testing::knowledge_of(older)) << "a month is enough where another file names a later day";
}

TEST(DataReader, RefusesASourceThatWasCheckedAfterTheDate) {
  expect_refused([](DataJson& d) { d["cuda.json"]["sources"]["NVMVC"]["checked"] = "2999-01-01"; },
                 ErrorCode::kDataMalformed, "was checked on 2999-01-01, after the newest `as_of` of the data");
}

TEST(DataReader, RefusesAReferenceToNothing) {
  expect_refused([](DataJson& d) { d["gpus.json"]["gpus"][0]["sources"] = {"NOWHERE"}; }, ErrorCode::kDataReference,
                 "names the source 'NOWHERE', which has no row");
  expect_refused([](DataJson& d) { d["gpus.json"]["gpus"][0]["cc"] = "9.9"; }, ErrorCode::kDataReference,
                 "names compute capability 9.9, which has no row");
  expect_refused([](DataJson& d) { d["cuda.json"]["majors"].erase(0); }, ErrorCode::kDataReference, "names CUDA 11");
  expect_refused([](DataJson& d) { d["cuda.json"]["toolkits"].erase(0); }, ErrorCode::kDataReference,
                 "names the toolkit");
  expect_refused([](DataJson& d) { d["cuda.json"]["architectures"][0]["last_driver_branch"] = "R999"; },
                 ErrorCode::kDataReference, "names R999");
}

TEST(DataReader, RefusesForwardCompatibilityOfWhatHasNoRow) {
  expect_refused([](DataJson& d) { d["drivers.json"]["forward_compat"][0]["branches"] = {"R999"}; },
                 ErrorCode::kDataReference, "names R999, which has no row");
  expect_refused([](DataJson& d) { d["drivers.json"]["forward_compat"][0]["cuda"] = "99.0"; },
                 ErrorCode::kDataReference, "names the toolkit 99.0, which has no row");
  expect_refused(
      [](DataJson& d) {
        d["drivers.json"]["forward_compat"][1]["cuda"] = d["drivers.json"]["forward_compat"][0]["cuda"];
      },
      ErrorCode::kDataMalformed, "has two rows");
  expect_refused([](DataJson& d) { d["gpus.json"]["gpus"][0].erase("forward_compat"); }, ErrorCode::kDataMalformed,
                 "forward_compat");
}

TEST(DataReader, RefusesATroubleWithoutConditionAndATopicThatNothingMatches) {
  expect_refused([](DataJson& d) { d["pytorch.json"]["known_bad"][0]["torch"] = "newest"; }, ErrorCode::kDataMalformed,
                 "'newest' is no range of versions");
  expect_refused(
      [](DataJson& d) {
        for (const char* key : {"torch", "cudnn", "nccl"}) d["pytorch.json"]["known_bad"][0].erase(key);
      },
      ErrorCode::kDataMalformed, "needs a range of torch, cudnn or nccl");
  expect_refused([](DataJson& d) { d["pytorch.json"]["known_bad"][1]["id"] = d["pytorch.json"]["known_bad"][0]["id"]; },
                 ErrorCode::kDataMalformed, "has two rows");
  expect_refused([](DataJson& d) { d["pytorch.json"]["releases"][0]["builds"][0]["free_threaded"] = {"3.14"}; },
                 ErrorCode::kDataMalformed, "expected a Python such as 3.13t, found '3.14'");
  expect_refused([](DataJson& d) { d["topics.json"]["topics"][0]["patterns"] = {"Conda"}; }, ErrorCode::kDataMalformed,
                 "a pattern is in lower case");
  expect_refused([](DataJson& d) { d["topics.json"]["image_tags"][0]["versions"] = nlohmann::json::array(); },
                 ErrorCode::kDataMalformed, "a row of tags needs a version");
  expect_refused([](DataJson& d) { d["topics.json"]["image_tags"][0]["flavours"] = nlohmann::json::array(); },
                 ErrorCode::kDataMalformed, "systems without flavours");
}

TEST(DataReader, RefusesValuesThatAreNoVersions) {
  expect_refused([](DataJson& d) { d["pytorch.json"]["releases"][0]["version"] = "newest"; }, ErrorCode::kDataMalformed,
                 "'newest' is no version");
  expect_refused([](DataJson& d) { d["pytorch.json"]["releases"][0]["builds"][0]["python"] = {"3.x"}; },
                 ErrorCode::kDataMalformed, "'3.x' is no version");
  expect_refused([](DataJson& d) { d["pytorch.json"]["releases"][0]["triton_python"] = "<<3"; },
                 ErrorCode::kDataMalformed, "'<<3' is no range of versions");
  expect_refused(
      [](DataJson& d) {
        d["pytorch.json"]["releases"][0]["builds"][0]["platforms"]["linux/amd64"]["sass"] = {"compute_90"};
      },
      ErrorCode::kDataMalformed, "'compute_90' is no machine code target");
  expect_refused([](DataJson& d) { d["pytorch.json"]["releases"][0]["builds"][0]["cuda_variant"] = "cu999"; },
                 ErrorCode::kDataMalformed, "'cu999' is not the variant of CUDA");
}

TEST(DataReader, RefusesTwoRowsOfOneName) {
  expect_refused([](DataJson& d) { d["pytorch.json"]["releases"].push_back(d["pytorch.json"]["releases"][0]); },
                 ErrorCode::kDataMalformed, "has two rows");
  expect_refused([](DataJson& d) { d["bases.json"]["bases"].push_back(d["bases.json"]["bases"][0]); },
                 ErrorCode::kDataMalformed, "has two rows");
}

TEST(DataReader, RefusesUnknownKeysFilesAndVersions) {
  expect_refused([](DataJson& d) { d["bases.json"]["bases"][0]["glibcc"] = "2.36"; }, ErrorCode::kDataMalformed,
                 "unknown key 'glibcc'");
  expect_refused([](DataJson& d) { d["cuda.json"]["majors"][0]["unverified"] = {"driver"}; }, ErrorCode::kDataMalformed,
                 "'driver' is null or no field of this row");
  expect_refused([](DataJson& d) { d.erase("bases.json"); }, ErrorCode::kDataMalformed, "the data lacks bases.json");
  expect_refused([](DataJson& d) { d["more.json"] = nlohmann::json::object(); }, ErrorCode::kDataMalformed,
                 "unknown file of the data: more.json");
  expect_refused([](DataJson& d) { d["cuda.json"]["schema_version"] = 3; }, ErrorCode::kDataTooNew,
                 "cuda.json has schema version 3; this program reads 2");
  expect_refused([](DataJson& d) { d["cuda.json"]["schema"] = "x"; }, ErrorCode::kDataMalformed, "expected the schema");
}

TEST(DataReader, TheDigestFollowsTheContentNotTheSpelling) {
  DataJson data = testing::shipped_data();
  const std::string digest = testing::knowledge_of(data).digest();
  EXPECT_EQ(digest, embedded().digest());  // though dump() writes other bytes than the files have
  data["bases.json"]["bases"][0]["glibc"] = "2.99";
  EXPECT_NE(testing::knowledge_of(data).digest(), digest);
}

}  // namespace
}  // namespace envforge::compat
