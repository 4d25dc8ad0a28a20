#include <envforge/report/junit_report.hpp>

#include <sstream>

#include <envforge/protocol/measurement_identity.hpp>
#include <envforge/report/judgement.hpp>

#include "layout.hpp"
#include "markup.hpp"

namespace envforge::report {
namespace {

using protocol::CheckResult;
using protocol::GroupResult;
using protocol::Report;
using protocol::Verdict;

struct Numbers {
  int tests = 0, failures = 0, errors = 0, skipped = 0;
};

Numbers numbers_of(const GroupResult& group) {
  Numbers out;
  for (const auto& check : group.checks) {
    ++out.tests;
    if (check.verdict == Verdict::kFail) ++out.failures;
    if (check.verdict == Verdict::kSkipped) ++out.skipped;
    if (check.verdict == Verdict::kCrashed || check.verdict == Verdict::kHung || check.verdict == Verdict::kError)
      ++out.errors;
  }
  return out;
}

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + escaped(value) + "\"";
}

std::string attributes(const Numbers& n, double seconds) {
  return attribute("tests", std::to_string(n.tests)) + attribute("failures", std::to_string(n.failures)) +
         attribute("errors", std::to_string(n.errors)) + attribute("skipped", std::to_string(n.skipped)) +
         attribute("time", fixed(seconds, 3));
}

std::string explanation(const CheckResult& check) {
  std::string out = escaped(check.reason);
  if (check.layer != protocol::Layer::kNone) out += "\nlayer: " + escaped(to_string(check.layer));
  if (!check.evidence.empty()) out += "\nrests on: " + escaped(check.evidence);
  if (!check.mend.empty()) out += "\nmend: " + escaped(check.mend);
  for (const auto& failure : check.failures) {
    out += "\nround " + std::to_string(failure.round) + ", second " + fixed(failure.second, 0) + ": " +
           escaped(to_string(failure.verdict) + ": " + failure.reason);
  }
  return out;
}

std::string figures(const CheckResult& check) {
  std::string out;
  for (const auto& m : check.measurements) {
    out += escaped(protocol::identity(m)) + ": " + figure(m.value) + " " + escaped(m.unit);
    if (m.expected) out += ", model " + figure(*m.expected);
    if (m.spread) out += ", from " + figure(m.spread->lowest) + " to " + figure(m.spread->highest);
    out += "\n";
  }
  return out;
}

void write_check(std::ostream& out, const Report& report, const CheckResult& check) {
  const std::string gpu = gpu_label(report, check.gpu);
  out << "    <testcase" << attribute("name", check.id + (gpu.empty() ? "" : " on " + gpu))
      << attribute("classname", check.id) << attribute("time", fixed(check.seconds, 3)) << ">\n";
  const std::string message = attribute("message", check.reason) + attribute("type", to_string(check.verdict));
  switch (check.verdict) {
    case Verdict::kFail:
      out << "      <failure" << message << ">" << explanation(check) << "</failure>\n";
      break;
    case Verdict::kCrashed:
    case Verdict::kHung:
    case Verdict::kError:
      out << "      <error" << message << ">" << explanation(check) << "</error>\n";
      break;
    case Verdict::kSkipped:
      out << "      <skipped" << attribute("message", check.reason) << "/>\n";
      break;
    case Verdict::kPass:
    case Verdict::kDegraded:
      break;
  }
  std::string text = check.verdict == Verdict::kDegraded ? "degraded: " + explanation(check) + "\n" : "";
  text += escaped(check.summary) + (check.summary.empty() ? "" : "\n") + figures(check);
  if (!text.empty()) out << "      <system-out>" << text << "</system-out>\n";
  out << "    </testcase>\n";
}

void write_verdict(std::ostream& out, const Report& report) {
  const Verdict verdict = protocol::overall(report);
  const bool good = verdict == Verdict::kPass || verdict == Verdict::kDegraded;
  out << "  <testsuite name=\"verdict\"" << attributes({1, good ? 0 : 1, 0, 0}, report.seconds) << ">\n"
      << "    <testcase name=\"verdict\" classname=\"verdict\"" << attribute("time", fixed(report.seconds, 3)) << ">\n";
  const std::string reason = protocol::overall_reason(report);
  if (good) {
    out << "      <system-out>" << escaped(to_string(verdict) + ": " + reason) << "</system-out>\n";
  } else {
    out << "      <failure" << attribute("message", reason) << attribute("type", to_string(verdict)) << "/>\n";
  }
  out << "    </testcase>\n  </testsuite>\n";
}

}  // namespace

std::string junit_report(const Report& report) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"
      << attribute("name", "envforge verify " + report.image) << attribute("time", fixed(report.seconds, 3)) << ">\n";
  write_verdict(out, report);
  for (const auto& group : report.groups) {
    out << "  <testsuite" << attribute("name", group.group) << attributes(numbers_of(group), group.seconds)
        << attribute("timestamp", report.started) << attribute("hostname", report.machine.hostname) << ">\n";
    for (const auto& check : group.checks) write_check(out, report, check);
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
  return out.str();
}

}  // namespace envforge::report
