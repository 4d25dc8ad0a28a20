#include <envforge/protocol/request.hpp>

#include <charconv>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/support/json_reader.hpp>

namespace envforge::protocol {
namespace {

using nlohmann::json;
using support::Error;
using support::ErrorCode;
using support::JsonReader;

// 64-bit numbers travel as text: JSON numbers of other readers end at 2^53.
std::uint64_t number_of(JsonReader& in, const std::string& key) {
  const std::string text = in.string(key);
  std::uint64_t value = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (trouble != std::errc() || end != text.data() + text.size()) in.fail("expected an unsigned number as text", key);
  return value;
}

}  // namespace

std::string to_string(Suite suite) {
  switch (suite) {
    case Suite::kQuick:
      return "quick";
    case Suite::kStandard:
      return "standard";
    case Suite::kSoak:
      return "soak";
  }
  return "?";
}

std::optional<Suite> suite_from(const std::string& text) {
  for (const Suite suite : {Suite::kQuick, Suite::kStandard, Suite::kSoak}) {
    if (to_string(suite) == text) return suite;
  }
  return std::nullopt;
}

json to_json(const GroupRequest& request) {
  MachineInfo machine;
  machine.gpus = request.gpus;
  return {{"protocol", request.protocol},
          {"seed", std::to_string(request.seed)},
          {"suite", to_string(request.suite)},
          {"checks", request.checks},
          {"gpus", to_json(machine)["gpus"]},
          {"expected_gpus", request.expected_gpus},
          {"expected_uuids", request.expected_uuids},
          {"memory_fraction", request.memory_fraction},
          {"judge_speed", request.judge_speed},
          {"flags_are_the_runs", request.flags_are_the_runs},
          {"python", request.python},
          {"target_gpus", request.target_gpus},
          {"expected_versions", request.expected_versions},
          {"capabilities", request.capabilities}};
}

GroupRequest group_request_from_json(const json& value) {
  JsonReader in(value, "request", ErrorCode::kProtocol);
  GroupRequest request;
  request.protocol = static_cast<int>(in.integer("protocol"));
  if (request.protocol != kProtocolVersion) {
    in.fail("this validator speaks protocol " + std::to_string(kProtocolVersion), "protocol");
  }
  request.seed = number_of(in, "seed");
  const auto suite = suite_from(in.string("suite"));
  if (!suite) in.fail("expected quick, standard or soak", "suite");
  request.suite = *suite;
  request.checks = in.strings("checks");
  const json machine = {
      {"gpus", in.raw("gpus")}, {"driver", ""}, {"cuda_driver", ""}, {"kernel", ""}, {"hostname", ""}};
  request.gpus = machine_from_json(machine).gpus;
  request.expected_gpus = static_cast<int>(in.integer("expected_gpus"));
  request.expected_uuids = in.strings("expected_uuids");
  request.memory_fraction = in.number("memory_fraction");
  request.judge_speed = in.boolean("judge_speed");
  request.flags_are_the_runs = in.boolean("flags_are_the_runs");
  request.python = in.string("python");
  request.target_gpus = in.string("target_gpus");
  in.object("expected_versions").members([&](const std::string& name, const json& version) {
    if (!version.is_string()) in.fail("expected a version as text for " + name, "expected_versions");
    request.expected_versions[name] = version.get<std::string>();
  });
  request.capabilities = in.strings("capabilities");
  in.finish();
  return request;
}

json to_json(const DriverRequest& request) {
  return {{"schema", "envforge/driver-request"},
          {"key", request.key},
          {"group", to_json(request.group)},
          {"groups_dir", request.groups_dir},
          {"group_deadline_seconds", request.group_deadline_seconds},
          {"prepare_deadline_seconds", request.prepare_deadline_seconds},
          {"total_deadline_seconds", request.total_deadline_seconds},
          {"soak_seconds", request.soak_seconds},
          {"report", to_json(request.report)}};
}

DriverRequest driver_request_from_text(const std::string& text) {
  const json value = support::parse_json(text, "request", ErrorCode::kProtocol);
  JsonReader in(value, "request", ErrorCode::kProtocol);
  if (in.string("schema") != "envforge/driver-request") in.fail("expected \"envforge/driver-request\"", "schema");
  DriverRequest request;
  request.key = in.string("key");
  if (request.key.size() < 32) in.fail("expected at least 32 characters", "key");
  request.group = group_request_from_json(in.raw("group"));
  const auto& checks = request.group.checks;
  if (checks.empty()) in.fail("expected the checks to run, none is named", "group/checks");
  if (std::set<std::string>(checks.begin(), checks.end()).size() != checks.size()) {
    in.fail("expected each check once", "group/checks");
  }
  request.groups_dir = in.string("groups_dir");
  request.group_deadline_seconds = in.number("group_deadline_seconds");
  request.prepare_deadline_seconds = in.number("prepare_deadline_seconds");
  request.total_deadline_seconds = in.number("total_deadline_seconds");
  request.soak_seconds = in.number("soak_seconds");
  request.report = report_from_json(in.raw("report"), "request");
  in.finish();
  return request;
}

}  // namespace envforge::protocol
