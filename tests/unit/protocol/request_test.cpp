#include <envforge/protocol/request.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>

namespace envforge::protocol {
namespace {

DriverRequest some_request() {
  DriverRequest request;
  request.key = std::string(64, 'k');
  request.group.seed = 0xfedcba9876543210ULL;
  request.group.suite = Suite::kStandard;
  request.group.checks = {"cublas.gemm-exact"};
  request.group.gpus.push_back({"GPU-1", "NVIDIA H200", "", "", "", "9.0", 1000, false, {"python 12"}});
  request.group.expected_gpus = 2;
  request.group.expected_versions = {{"torch", "2.6.0+cu124"}, {"cuda", "12.4"}};
  request.group.capabilities = {"torch_compile"};
  request.report.nonce = "n";
  request.report.image = "app:1";
  return request;
}

TEST(DriverRequest, ReadsBackWhatItWrote) {
  const auto json = to_json(some_request());
  EXPECT_EQ(to_json(driver_request_from_text(json.dump())), json);
}

TEST(DriverRequest, AnotherProtocolIsRefusedBeforeAnythingRuns) {
  auto json = to_json(some_request());
  json["group"]["protocol"] = kProtocolVersion + 1;
  try {
    driver_request_from_text(json.dump());
    FAIL();
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kProtocol);
    EXPECT_EQ(error.message(), "this validator speaks protocol 1");
  }
}

TEST(DriverRequest, AShortKeyIsRefused) {
  auto request = some_request();
  request.key = "k";
  EXPECT_THROW(driver_request_from_text(to_json(request).dump()), support::Error);
}

TEST(DriverRequest, WithoutAListOfChecksIsRefusedForItIsNeverTheWholeSuite) {
  const auto refused = [](std::vector<std::string> checks) -> std::string {
    auto request = some_request();
    request.group.checks = std::move(checks);
    try {
      driver_request_from_text(to_json(request).dump());
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kProtocol);
      return error.message();
    }
    return "taken";
  };
  EXPECT_EQ(refused({}), "expected the checks to run, none is named");
  EXPECT_EQ(refused({"cuda.copy", "cuda.copy"}), "expected each check once");
  EXPECT_EQ(refused({"cuda.copy", "cuda.memory"}), "taken");
}

TEST(GroupRequest, NeverCarriesTheKey) {
  EXPECT_EQ(to_json(some_request().group).dump().find("kkkk"), std::string::npos);
}

}  // namespace
}  // namespace envforge::protocol
