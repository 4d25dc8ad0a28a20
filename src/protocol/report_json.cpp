#include <cmath>

#include <nlohmann/json.hpp>

#include <envforge/protocol/report.hpp>
#include <envforge/support/json_reader.hpp>

namespace envforge::protocol {
namespace {

using nlohmann::json;
using support::Error;
using support::ErrorCode;
using support::JsonReader;

JsonReader reader_of(const json& value, const std::string& file = "") {
  return {value, file, ErrorCode::kReportMalformed};
}

double finite(double value, const std::string& name) {
  if (!std::isfinite(value)) throw Error(ErrorCode::kReportMalformed, "'" + name + "' is no finite number");
  return value;
}

std::map<std::string, std::string> string_map(JsonReader object) {
  std::map<std::string, std::string> out;
  object.members([&](const std::string& key, const json& value) {
    if (!value.is_string()) object.fail("expected a string", key);
    out[key] = value.get<std::string>();
  });
  return out;
}

/// A count of at least one; `otherwise` where it is absent.
int positive(JsonReader& in, const std::string& key, int otherwise) {
  const auto value = in.integer_or(key, otherwise);
  if (value < 1 || value > 1'000'000'000) in.fail("expected a count of at least 1", key);
  return static_cast<int>(value);
}

json measurement_to_json(const Measurement& m) {
  json out = {{"name", m.name}, {"value", finite(m.value, m.name)}, {"unit", m.unit}};
  if (m.expected) out["expected"] = finite(*m.expected, m.name);
  if (!m.derivation.empty()) out["derivation"] = m.derivation;
  if (!m.context.empty()) out["context"] = m.context;
  if (m.spread) {
    out["spread"] = {{"lowest", finite(m.spread->lowest, m.name)},
                     {"highest", finite(m.spread->highest, m.name)},
                     {"samples", m.spread->samples}};
  }
  return out;
}

Measurement measurement_from(JsonReader in) {
  Measurement m;
  m.name = in.string("name");
  m.value = in.number("value");
  m.unit = in.string("unit");
  if (in.has("expected")) m.expected = in.number("expected");
  m.derivation = in.string_or("derivation", "");
  if (in.has("context")) m.context = string_map(in.object("context"));
  if (in.has("spread")) {
    JsonReader spread = in.object("spread");
    m.spread = Spread{spread.number("lowest"), spread.number("highest"), positive(spread, "samples", 1)};
    spread.finish();
  }
  in.finish();
  return m;
}

NegativeControl control_from(JsonReader in) {
  NegativeControl control;
  control.planted = in.string("planted");
  control.claimed = in.number("claimed");
  control.found = in.number("found");
  control.detected = in.boolean("detected");
  in.finish();
  return control;
}

RoundFailure failure_from(JsonReader in) {
  RoundFailure failure;
  failure.round = positive(in, "round", 0);
  failure.second = in.number("second");
  const auto verdict = verdict_from(in.string("verdict"));
  if (!verdict) in.fail("unknown verdict", "verdict");
  failure.verdict = *verdict;
  failure.reason = in.string("reason");
  in.finish();
  return failure;
}

CheckResult check_from(JsonReader in) {
  CheckResult result;
  result.id = in.string("id");
  const auto verdict = verdict_from(in.string("verdict"));
  if (!verdict) in.fail("unknown verdict", "verdict");
  result.verdict = *verdict;
  result.summary = in.string_or("summary", "");
  result.reason = in.string_or("reason", "");
  const auto layer = layer_from(in.string_or("layer", "none"));
  if (!layer) in.fail("unknown layer", "layer");
  result.layer = *layer;
  result.evidence = in.string_or("evidence", "");
  result.mend = in.string_or("mend", "");
  result.gpu = in.string_or("gpu", "");
  if (in.has("measurements")) {
    for (auto& one : in.objects("measurements")) result.measurements.push_back(measurement_from(std::move(one)));
  }
  if (in.has("control")) result.control = control_from(in.object("control"));
  const auto recomputed = in.integer_or("recomputed", 0);
  if (recomputed < 0) in.fail("a count may not be negative", "recomputed");
  result.recomputed = static_cast<std::uint64_t>(recomputed);
  result.seconds = in.number("seconds");
  result.rounds = positive(in, "rounds", 1);
  if (in.has("failures")) {
    for (auto& one : in.objects("failures")) result.failures.push_back(failure_from(std::move(one)));
  }
  in.finish();
  return result;
}

LoadedLibrary library_from(JsonReader in) {
  LoadedLibrary library{in.string("soname"), in.string("path"), in.string("version"), in.string("owner"),
                        in.string("rule")};
  in.finish();
  return library;
}

GroupResult group_from(JsonReader in) {
  GroupResult group;
  group.group = in.string("group");
  for (auto& check : in.objects("checks")) group.checks.push_back(check_from(std::move(check)));
  for (auto& library : in.objects("libraries")) group.libraries.push_back(library_from(std::move(library)));
  group.seconds = in.number("seconds");
  in.finish();
  return group;
}

json gpu_to_json(const GpuInfo& gpu) {
  return {{"uuid", gpu.uuid},
          {"name", gpu.name},
          {"pci_bus_id", gpu.pci_bus_id},
          {"vbios", gpu.vbios},
          {"serial", gpu.serial},
          {"compute_capability", gpu.compute_capability},
          {"memory_bytes", gpu.memory_bytes},
          {"mig", gpu.mig},
          {"used_by", gpu.used_by}};
}

GpuInfo gpu_from(JsonReader in) {
  GpuInfo gpu;
  gpu.uuid = in.string("uuid");
  gpu.name = in.string("name");
  gpu.pci_bus_id = in.string_or("pci_bus_id", "");
  gpu.vbios = in.string_or("vbios", "");
  gpu.serial = in.string_or("serial", "");
  gpu.compute_capability = in.string("compute_capability");
  gpu.memory_bytes = static_cast<std::uint64_t>(in.integer("memory_bytes"));
  gpu.mig = in.boolean_or("mig", false);
  if (in.has("used_by")) gpu.used_by = in.strings("used_by");
  in.finish();
  return gpu;
}

MachineInfo machine_from(JsonReader in) {
  MachineInfo machine;
  for (auto& gpu : in.objects("gpus")) machine.gpus.push_back(gpu_from(std::move(gpu)));
  machine.driver = in.string("driver");
  machine.cuda_driver = in.string("cuda_driver");
  machine.kernel = in.string("kernel");
  machine.hostname = in.string("hostname");
  in.finish();
  return machine;
}

}  // namespace

json to_json(const CheckResult& result) {
  json out = {
      {"id", result.id}, {"verdict", to_string(result.verdict)}, {"seconds", finite(result.seconds, "seconds")}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  add("summary", result.summary);
  add("reason", result.reason);
  if (result.layer != Layer::kNone) out["layer"] = to_string(result.layer);
  add("evidence", result.evidence);
  add("mend", result.mend);
  add("gpu", result.gpu);
  for (const auto& m : result.measurements) out["measurements"].push_back(measurement_to_json(m));
  if (result.control) {
    out["control"] = {{"planted", result.control->planted},
                      {"claimed", finite(result.control->claimed, "claimed")},
                      {"found", finite(result.control->found, "found")},
                      {"detected", result.control->detected}};
  }
  if (result.recomputed > 0) out["recomputed"] = result.recomputed;
  if (result.rounds > 1) out["rounds"] = result.rounds;
  for (const auto& failure : result.failures) {
    out["failures"].push_back({{"round", failure.round},
                               {"second", finite(failure.second, "second")},
                               {"verdict", to_string(failure.verdict)},
                               {"reason", failure.reason}});
  }
  return out;
}

CheckResult check_result_from_json(const json& value) {
  return check_from(reader_of(value));
}

json to_json(const LoadedLibrary& library) {
  return {{"soname", library.soname},
          {"path", library.path},
          {"version", library.version},
          {"owner", library.owner},
          {"rule", library.rule}};
}

LoadedLibrary loaded_library_from_json(const json& value) {
  return library_from(reader_of(value));
}

json to_json(const GroupResult& result) {
  json out = {{"group", result.group},
              {"checks", json::array()},
              {"libraries", json::array()},
              {"seconds", finite(result.seconds, "seconds")}};
  for (const auto& check : result.checks) out["checks"].push_back(to_json(check));
  for (const auto& library : result.libraries) out["libraries"].push_back(to_json(library));
  return out;
}

GroupResult group_result_from_json(const json& value) {
  return group_from(reader_of(value));
}

json to_json(const MachineInfo& machine) {
  json out = {{"gpus", json::array()},
              {"driver", machine.driver},
              {"cuda_driver", machine.cuda_driver},
              {"kernel", machine.kernel},
              {"hostname", machine.hostname}};
  for (const auto& gpu : machine.gpus) out["gpus"].push_back(gpu_to_json(gpu));
  return out;
}

MachineInfo machine_from_json(const json& value) {
  return machine_from(reader_of(value));
}

json to_json(const Report& report) {
  json out = {{"schema", "envforge/report"},
              {"schema_version", kReportVersion},
              {"nonce", report.nonce},
              {"started", report.started},
              {"seconds", finite(report.seconds, "seconds")},
              {"suite", report.suite},
              {"required", report.required},
              {"image",
               {{"reference", report.image},
                {"id", report.image_id},
                {"manifest_digest", report.manifest_digest},
                {"lock_digest", report.lock_digest}}},
              {"container",
               {{"engine", report.engine}, {"gpu_injection", report.gpu_injection}, {"args", report.container_args}}},
              {"validator",
               {{"version", report.validator.version},
                {"commit", report.validator.commit},
                {"binaries", report.validator.binaries}}},
              {"machine", to_json(report.machine)},
              {"groups", json::array()},
              {"not_judged", report.not_judged},
              {"verdict", to_string(overall(report))},
              {"verdict_reason", overall_reason(report)}};
  for (const auto& group : report.groups) out["groups"].push_back(to_json(group));
  if (report.rounds > 1) out["rounds"] = report.rounds;
  return out;
}

Report report_from_json(const json& value, const std::string& file) {
  JsonReader in = reader_of(value, file);
  if (in.string("schema") != "envforge/report") in.fail("expected \"envforge/report\"", "schema");
  const auto version = in.integer("schema_version");
  if (version < 1) in.fail("expected 1", "schema_version");
  if (version > kReportVersion) {
    throw Error(ErrorCode::kReportTooNew,
                "the report has version " + std::to_string(version) + "; this program reads up to " +
                    std::to_string(kReportVersion),
                support::Where{file, 0, 0, "/schema_version"});
  }
  Report report;
  report.nonce = in.string("nonce");
  report.started = in.string("started");
  report.seconds = in.number("seconds");
  report.suite = in.string("suite");
  report.rounds = positive(in, "rounds", 1);
  report.required = in.strings("required");
  JsonReader image = in.object("image");
  report.image = image.string("reference");
  report.image_id = image.string("id");
  report.manifest_digest = image.string("manifest_digest");
  report.lock_digest = image.string("lock_digest");
  image.finish();
  JsonReader container = in.object("container");
  report.engine = container.string("engine");
  report.gpu_injection = container.string("gpu_injection");
  report.container_args = container.strings("args");
  container.finish();
  JsonReader validator = in.object("validator");
  report.validator = {validator.string("version"), validator.string("commit"),
                      string_map(validator.object("binaries"))};
  validator.finish();
  report.machine = machine_from(in.object("machine"));
  for (auto& group : in.objects("groups")) report.groups.push_back(group_from(std::move(group)));
  report.not_judged = in.strings("not_judged");
  if (in.string("verdict") != to_string(overall(report))) in.fail("does not follow from the checks", "verdict");
  in.string("verdict_reason");
  in.finish();
  return report;
}

}  // namespace envforge::protocol
