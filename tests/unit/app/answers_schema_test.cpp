// The published schemas of what the program answers with --json: they take what it writes, in full and with nothing in
// it, and refuse every change. Nothing reads these documents back.
#include <functional>

#include <envforge/app/inspect_process.hpp>
#include <envforge/protocol/check_catalog.hpp>
#include <envforge/report/check_list.hpp>
#include <envforge/report/report_diff.hpp>

#include "support/schema_check.hpp"

namespace envforge::app {
namespace {

using nlohmann::json;
using Changes = std::map<std::string, std::function<void(json&)>>;
using AnswersSchema = envforge::testing::SchemaTest;

void expect_only_the_written(const std::string& schema, const std::map<std::string, json>& written,
                             const json& to_change, const Changes& changes) {
  envforge::testing::Texts texts;
  for (const auto& [name, document] : written) texts[name + ".json"] = document.dump();
  for (const auto& [name, change] : changes) {
    json document = to_change;
    change(document);
    ASSERT_NE(document, to_change) << name;
    texts[name + ".json"] = document.dump();
  }
  const auto refused = envforge::testing::refused_by_schema(schema, texts);
  for (const auto& [name, document] : written) {
    const auto complaint = refused.find(name + ".json");
    EXPECT_EQ(complaint, refused.end()) << complaint->second;
  }
  for (const auto& [name, change] : changes) {
    EXPECT_EQ(refused.count(name + ".json"), 1U) << schema << " takes " << name;
  }
}

TEST_F(AnswersSchema, OfTheListOfChecksTakesTheProgramsOwn) {
  const json list = report::check_list_json(protocol::check_catalog());
  expect_only_the_written("check-list-v1.schema.json", {{"whole", list}}, list,
                          {{"unknown-key", [](json& d) { d["extra"] = 1; }},
                           {"unknown-key-in-check", [](json& d) { d["checks"][0]["extra"] = 1; }},
                           {"no-check", [](json& d) { d["checks"] = json::array(); }},
                           {"no-control", [](json& d) { d["checks"][0].erase("control"); }},
                           {"empty-proof", [](json& d) { d["checks"][0]["proves"] = ""; }},
                           {"id-without-group", [](json& d) { d["checks"][0]["id"] = "gemm"; }},
                           {"unknown-suite", [](json& d) { d["checks"][0]["suite"] = "long"; }},
                           {"newer-version", [](json& d) { d["schema_version"] = 2; }}});
}

TEST_F(AnswersSchema, OfTheComparisonOfReports) {
  report::ReportDiff diff;
  diff.facts = {{"driver", "580.1", "570.2"}};
  diff.verdicts = {{"cublas.gemm-exact", "GPU 0", "pass", "-", "", ""}};
  diff.figures = {{"cublas.gemm-normal", "GPU 0", "throughput bf16", "TFLOP/s", 795.5, 640.25, true},
                  {"cublas.gemm-normal", "GPU 1", "throughput bf16", "TFLOP/s", 795.5, std::nullopt, false}};
  diff.libraries = {{"libcublas.so.12", "12.4.5, pip x, /x", "-"}};
  const json whole = report::to_json(diff);
  expect_only_the_written("report-diff-v1.schema.json",
                          {{"whole", whole}, {"empty", report::to_json(report::ReportDiff{})}}, whole,
                          {{"unknown-key", [](json& d) { d["rates"][0]["extra"] = 1; }},
                           {"no-libraries", [](json& d) { d.erase("libraries"); }},
                           {"unknown-verdict", [](json& d) { d["verdicts"][0]["a"] = "good"; }},
                           {"rate-as-text", [](json& d) { d["rates"][0]["a"] = "795.5"; }},
                           {"differs-as-number", [](json& d) { d["rates"][0]["differs"] = 1; }},
                           {"fact-of-one", [](json& d) { d["facts"][0].erase("b"); }},
                           {"another-document", [](json& d) { d["schema"] = "envforge/check-list"; }}});
}

TEST_F(AnswersSchema, OfAnInspectedProcess) {
  InspectedProcess process;
  process.pid = 4242;
  process.pid_inside = 7;
  process.name = "python3";
  process.command = "python3 train.py \xff";
  process.state = "S (sleeping)";
  process.container = "0123456789ab";
  process.libraries = {{"/venv/libnccl.so.2", "2.21.5", "pip nvidia-nccl-cu12 2.21.5", true}};
  process.environment = {{"NCCL_DEBUG", "INFO"}};
  process.nccl = "2.21.5";
  process.device_files = {"/dev/nvidia0"};
  process.threads = {{4243, "pt_nccl_watchdg", "D (disk sleep)", "nv_wait", {"nv_wait+0x1"}}};
  process.gpus = {{"GPU-1", "NVIDIA H200", "0000:1B:00.0", "1000 MiB", {{"utilization.gpu", "100 %"}}}};
  process.xids = {{"0000:1b:00", 79, "NVRM: Xid"}};
  process.findings = {"two copies"};
  process.unread = {"its stacks"};
  const json whole = json::parse(inspection_json(process));
  InspectedProcess bare;
  bare.pid = 1;
  expect_only_the_written("inspected-process-v1.schema.json",
                          {{"whole", whole}, {"bare", json::parse(inspection_json(bare))}}, whole,
                          {{"unknown-key", [](json& d) { d["extra"] = 1; }},
                           {"no-threads", [](json& d) { d.erase("threads"); }},
                           {"pid-0", [](json& d) { d["pid"] = 0; }},
                           {"thread-without-state", [](json& d) { d["threads"][0].erase("state"); }},
                           {"replaced-as-text", [](json& d) { d["libraries"][0]["replaced"] = "yes"; }},
                           {"variable-as-number", [](json& d) { d["environment"]["NCCL_DEBUG"] = 1; }},
                           {"xid-as-text", [](json& d) { d["xids"][0]["number"] = "79"; }},
                           {"unknown-key-in-gpu", [](json& d) { d["gpus"][0]["extra"] = 1; }},
                           {"newer-version", [](json& d) { d["schema_version"] = 2; }}});
}

}  // namespace
}  // namespace envforge::app
