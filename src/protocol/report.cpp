#include <envforge/protocol/report.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace envforge::protocol {
namespace {

constexpr std::array<std::pair<Verdict, const char*>, 7> kVerdicts{{{Verdict::kPass, "pass"},
                                                                    {Verdict::kFail, "fail"},
                                                                    {Verdict::kDegraded, "degraded"},
                                                                    {Verdict::kSkipped, "skipped"},
                                                                    {Verdict::kCrashed, "crashed"},
                                                                    {Verdict::kHung, "hung"},
                                                                    {Verdict::kError, "error"}}};
constexpr std::array<std::pair<Layer, const char*>, 5> kLayers{{{Layer::kNone, "none"},
                                                                {Layer::kImage, "image"},
                                                                {Layer::kContainerFlags, "container-flags"},
                                                                {Layer::kHostDriver, "host-driver"},
                                                                {Layer::kHardware, "hardware"}}};

template <class Table, class Value>
std::string name_of(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "?";
}

template <class Value, class Table>
std::optional<Value> value_of(const Table& table, const std::string& text) {
  for (const auto& [known, name] : table) {
    if (name == text) return known;
  }
  return std::nullopt;
}

// The required groups and checks that did not pass, each with what happened instead.
std::vector<std::string> unmet(const Report& report) {
  std::vector<std::string> out;
  for (const auto& name : report.required) {
    bool passed = false;
    std::string instead = "did not run";
    for (const auto& group : report.groups) {
      for (const auto& check : group.checks) {
        if (check.id != name && group.group != name) continue;
        if (check.verdict == Verdict::kPass) passed = true;
        if (check.verdict == Verdict::kSkipped) instead = "was skipped: " + check.reason;
        if (check.verdict == Verdict::kDegraded) instead = "is degraded: " + check.reason;
      }
    }
    if (!passed) out.push_back("required " + name + " " + instead);
  }
  return out;
}

}  // namespace

std::string to_string(Verdict verdict) {
  return name_of(kVerdicts, verdict);
}

std::optional<Verdict> verdict_from(const std::string& text) {
  return value_of<Verdict>(kVerdicts, text);
}

std::string to_string(Layer layer) {
  return name_of(kLayers, layer);
}

std::optional<Layer> layer_from(const std::string& text) {
  return value_of<Layer>(kLayers, text);
}

bool was_interrupted(const CheckResult& check) {
  return check.verdict == Verdict::kError && check.reason.find(kRunInterrupted) != std::string::npos;
}

Counts count(const Report& report) {
  Counts counts;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      switch (check.verdict) {
        case Verdict::kPass:
          ++counts.pass;
          break;
        case Verdict::kFail:
          ++counts.fail;
          break;
        case Verdict::kDegraded:
          ++counts.degraded;
          break;
        case Verdict::kSkipped:
          ++counts.skipped;
          break;
        case Verdict::kCrashed:
          ++counts.crashed;
          break;
        case Verdict::kHung:
          ++counts.hung;
          break;
        case Verdict::kError:
          ++counts.error;
          break;
      }
    }
  }
  return counts;
}

Verdict overall(const Report& report) {
  const Counts counts = count(report);
  if (counts.fail > 0) return Verdict::kFail;
  if (counts.crashed > 0) return Verdict::kCrashed;
  if (counts.hung > 0) return Verdict::kHung;
  if (counts.error > 0) return Verdict::kError;
  if (counts.pass + counts.degraded + counts.skipped == 0) return Verdict::kError;
  if (!unmet(report).empty()) return Verdict::kFail;
  if (counts.degraded > 0) return Verdict::kDegraded;
  return counts.pass > 0 ? Verdict::kPass : Verdict::kSkipped;
}

std::string overall_reason(const Report& report) {
  const Counts counts = count(report);
  std::string text;
  const auto say = [&](int number, const std::string& what) {
    if (number == 0) return;
    if (!text.empty()) text += ", ";
    text += std::to_string(number) + (text.empty() ? (number == 1 ? " check " : " checks ") : " ") + what;
  };
  say(counts.pass, "passed");
  say(counts.fail, "failed");
  say(counts.degraded, "degraded");
  say(counts.crashed, "crashed");
  say(counts.hung, "hung");
  say(counts.error, counts.error == 1 ? "ended in an error" : "ended in errors");
  say(counts.skipped, "skipped");
  if (text.empty()) text = "no check ran";
  for (const auto& sentence : unmet(report)) text += "; " + sentence;
  return text;
}

}  // namespace envforge::protocol
