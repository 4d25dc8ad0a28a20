// The published schema and the reader agree: both take what the driver writes, both refuse what was changed.
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>

#include "support/schema_check.hpp"

namespace envforge::protocol {
namespace {

using nlohmann::json;

json a_sealed_report() {
  Report report;
  report.nonce = "n";
  report.started = "2026-11-21T10:00:00Z";
  report.suite = "quick";
  report.required = {"cublas"};
  report.machine.gpus.push_back(
      {"GPU-1", "NVIDIA H200", "0000:01:00.0", "96", "1", "9.0", 150754820096ULL, false, {"x"}});
  report.validator = {"0.1.0", "abc", {{"envforge-driver", "00"}}};
  CheckResult check;
  check.id = "cublas.gemm-exact";
  check.verdict = Verdict::kFail;
  check.reason = "wrong";
  check.layer = Layer::kHardware;
  check.evidence = "e";
  check.mend = "m";
  check.gpu = "GPU-1";
  check.recomputed = 64;
  check.control = NegativeControl{"one element changed by 1", 1, 1, true};
  check.measurements.push_back(
      {"throughput", 795.5, "TFLOP/s", 989.0, "SM x FMA x clock", {{"dtype", "bf16"}}, Spread{790, 801.5, 20}});
  check.rounds = 3;
  check.failures.push_back({2, 61.5, Verdict::kFail, "wrong"});
  report.rounds = 3;
  report.groups.push_back({"cublas", {check}, {{"libcublas.so.12", "/x", "12.4.5", "pip x", "RPATH"}}, 1.5});
  report.not_judged = {"speed"};
  return json::parse(seal(report, std::string(64, 'k')));
}

bool reader_takes(const json& document) {
  try {
    read_unverified(document.dump(), "r.json");
    return true;
  } catch (const support::Error&) {
    return false;
  }
}

using ReportSchema = envforge::testing::SchemaTest;

TEST_F(ReportSchema, TakesWhatTheDriverWritesAndRefusesEveryChangeAsTheReaderDoes) {
  const std::map<std::string, std::function<void(json&)>> changes = {
      {"unknown-key", [](json& d) { d["report"]["extra"] = 1; }},
      {"unknown-key-in-check", [](json& d) { d["report"]["groups"][0]["checks"][0]["extra"] = 1; }},
      {"missing-key", [](json& d) { d["report"].erase("groups"); }},
      {"missing-mac", [](json& d) { d.erase("mac"); }},
      {"wrong-type", [](json& d) { d["report"]["seconds"] = "1"; }},
      {"unknown-verdict", [](json& d) { d["report"]["groups"][0]["checks"][0]["verdict"] = "good"; }},
      {"unknown-layer", [](json& d) { d["report"]["groups"][0]["checks"][0]["layer"] = "moon"; }},
      {"newer-version", [](json& d) { d["report"]["schema_version"] = 2; }},
      {"control-without-size", [](json& d) { d["report"]["groups"][0]["checks"][0]["control"].erase("found"); }},
      {"no-rounds", [](json& d) { d["report"]["rounds"] = 0; }},
      {"failure-without-round", [](json& d) { d["report"]["groups"][0]["checks"][0]["failures"][0].erase("round"); }},
      {"spread-without-samples",
       [](json& d) { d["report"]["groups"][0]["checks"][0]["measurements"][0]["spread"]["samples"] = 0; }},
      {"gpu-without-uuid", [](json& d) { d["report"]["machine"]["gpus"][0].erase("uuid"); }}};
  envforge::testing::Texts texts = {{"whole.json", a_sealed_report().dump()}};
  EXPECT_TRUE(reader_takes(a_sealed_report()));
  for (const auto& [name, change] : changes) {
    json document = a_sealed_report();
    change(document);
    EXPECT_FALSE(reader_takes(document)) << name;
    texts[name + ".json"] = document.dump();
  }
  const auto refused = envforge::testing::refused_by_schema("report-v1.schema.json", texts);
  EXPECT_EQ(refused.count("whole.json"), 0U) << refused.begin()->second;
  for (const auto& [name, change] : changes) {
    EXPECT_EQ(refused.count(name + ".json"), 1U) << "the schema takes " << name;
  }
}

}  // namespace
}  // namespace envforge::protocol
