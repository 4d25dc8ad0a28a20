#include <envforge/report/console_report.hpp>

#include <algorithm>
#include <set>
#include <sstream>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/text.hpp>

#include "layout.hpp"
#include "names.hpp"
#include "worst_first.hpp"

namespace envforge::report {
namespace {

using protocol::CheckResult;
using protocol::Report;
using protocol::Verdict;
using support::printable;

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}

  std::string verdict(Verdict verdict, std::size_t width) const {
    const std::string text = pad(protocol::to_string(verdict), width);
    switch (verdict) {
      case Verdict::kPass:
        return paint("32", text);
      case Verdict::kSkipped:
        return paint("2", text);
      case Verdict::kDegraded:
        return paint("33", text);
      case Verdict::kFail:
      case Verdict::kCrashed:
      case Verdict::kHung:
      case Verdict::kError:
        return paint("31", text);
    }
    return text;
  }
  std::string strong(const std::string& text) const { return paint("1", text); }

 private:
  std::string paint(const char* code, const std::string& text) const {
    return colour_ ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }
  bool colour_;
};

void head(std::ostream& out, const Report& report, const Painter& painter) {
  const Verdict verdict = protocol::overall(report);
  std::string word = protocol::to_string(verdict);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const std::string subject = report.image.empty() ? "this environment" : printable(report.image);
  out << painter.strong(word) << "  " << subject << " on " << printable(machine_text(report)) << "\n";
  out << "  "
      << support::wrap(printable(protocol::overall_reason(report)) + ", in " + fixed(report.seconds, 1) + " s" +
                           (report.rounds > 1 ? ", " + std::to_string(report.rounds) + " rounds" : ""),
                       2, 2)
      << "\n";
  for (const auto& sentence : report.not_judged)
    out << "  " << support::wrap("not judged: " + printable(sentence), 2, 4) << "\n";
  out << "\n";
}

void measurements(std::ostream& out, const CheckResult& check) {
  for (const auto& m : check.measurements) {
    std::string line = printable(m.name) + " " + figure(m.value) + " " + printable(m.unit);
    if (m.expected && *m.expected > 0) {
      line += ", " + fixed(100 * m.value / *m.expected, 0) + " % of " + figure(*m.expected) + " " + printable(m.unit);
    }
    if (m.spread) line += ", from " + figure(m.spread->lowest) + " to " + figure(m.spread->highest);
    if (!m.derivation.empty()) line += " (" + printable(m.derivation) + ")";
    out << "      " << support::wrap(line, 6, 8) << "\n";
  }
}

/// `times`: so many GPUs gave this result. 0: the line is about one GPU of several and names it.
void check_lines(std::ostream& out, const Report& report, const CheckResult& check, std::size_t times,
                 const Painter& painter, bool details) {
  constexpr std::size_t kVerdictWidth = 8;
  constexpr std::size_t kIdWidth = 24;
  const bool good = check.verdict == Verdict::kPass;
  std::string text = printable(good || check.reason.empty() ? check.summary : check.reason);
  if (times > 1) text = "on " + std::to_string(times) + " GPUs: " + text;
  if (times == 0) text = printable(short_gpu(report, check.gpu)) + ": " + text;
  out << "  " << painter.verdict(check.verdict, kVerdictWidth) << " " << pad(printable(check.id), kIdWidth) << " ";
  out << support::wrap(text, 2 + kVerdictWidth + kIdWidth + 2, 2 + kVerdictWidth + 1 + 2) << "\n";
  if (details || check.verdict == Verdict::kDegraded) measurements(out, check);
  if (details && check.control) {
    const auto& control = *check.control;
    out << "      "
        << support::wrap("control: " + printable(control.planted) +
                             (control.detected ? " was found" : " was NOT found") + " (claimed " +
                             figure(control.claimed) + ", found " + figure(control.found) + ")",
                         6, 8)
        << "\n";
  }
  if (!check.failures.empty()) {
    const auto& first = check.failures.front();
    out << "      "
        << support::wrap("in " + std::to_string(check.failures.size()) + " of " + std::to_string(check.rounds) +
                             " rounds, first in round " + std::to_string(first.round) + " after " +
                             fixed(first.second, 0) + " s",
                         6, 8)
        << "\n";
  }
  if (good || check.verdict == Verdict::kSkipped) return;
  const std::string evidence = details ? printable(check.evidence) : beginning_of(printable(check.evidence), 240);
  if (check.layer != protocol::Layer::kNone) {
    out << "      "
        << support::wrap("layer: " + protocol::to_string(check.layer) + (evidence.empty() ? "" : " (" + evidence + ")"),
                         6, 8)
        << "\n";
  }
  if (!check.mend.empty()) out << "      " << support::wrap("mend: " + printable(check.mend), 6, 12) << "\n";
}

/// Checks that were skipped for one reason.
struct Skipped {
  std::vector<const CheckResult*> checks;
  std::set<std::string> ids, groups;
};

std::vector<Skipped> skipped_by_reason(const std::vector<const CheckResult*>& checks) {
  std::vector<Skipped> out;
  for (const auto* check : checks) {
    if (check->verdict != Verdict::kSkipped) continue;
    auto known = std::find_if(out.begin(), out.end(),
                              [&](const Skipped& one) { return one.checks.front()->reason == check->reason; });
    if (known == out.end()) known = out.insert(out.end(), Skipped{});
    known->checks.push_back(check);
    known->ids.insert(check->id);
    known->groups.insert(protocol::group_of(check->id));
  }
  return out;
}

void libraries(std::ostream& out, const Report& report) {
  for (const auto& group : report.groups) {
    if (group.libraries.empty()) continue;
    out << "\n  libraries mapped by " << printable(group.group) << "\n";
    for (const auto& library : group.libraries) {
      out << "    " << pad(printable(library.soname), 26) << " " << pad(printable(library.version), 12) << " "
          << support::wrap(printable(library.owner) + (library.rule.empty() ? "" : ", by " + printable(library.rule)),
                           44, 6)
          << "\n";
    }
  }
}

void foot(std::ostream& out, const Report& report) {
  out << "\n";
  const auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) out << "  " << pad(name, 10) << printable(value) << "\n";
  };
  row("image", report.image_id);
  row("manifest", report.manifest_digest);
  row("lock", report.lock_digest);
  for (const auto& gpu : report.machine.gpus) row("gpu", gpu.uuid + "  " + gpu.name + "  " + gpu.compute_capability);
  row("injection", report.gpu_injection);
  row("nonce", report.nonce);
  row("validator",
      report.validator.version + (report.validator.commit.empty() ? "" : " (" + report.validator.commit + ")"));
}

}  // namespace

std::string console_report(const Report& report, const ConsoleStyle& style) {
  const Painter painter(style.colour);
  std::ostringstream out;
  head(out, report, painter);
  const auto checks = worst_first(report);
  std::set<const CheckResult*> told;
  // A machine without a GPU skips dozens for one reason: that is one line, the ids stand in the details.
  std::vector<CheckResult> folded;
  for (const auto& skipped : skipped_by_reason(checks)) {
    if (style.details || skipped.ids.size() == 1) continue;
    told.insert(skipped.checks.begin(), skipped.checks.end());
    CheckResult line = *skipped.checks.front();
    line.id = std::to_string(skipped.ids.size()) + " checks";
    line.reason += " (" + support::join({skipped.groups.begin(), skipped.groups.end()}, ", ") + ")";
    folded.push_back(std::move(line));
  }
  for (const auto* check : checks) {
    if (told.count(check) > 0) continue;
    std::size_t times = report.machine.gpus.size() > 1 && !check->gpu.empty() ? 0 : 1;
    // What is well on every GPU is one line, its figures stand in the details; so is what fails in the same words.
    const bool well = check->verdict == Verdict::kPass || check->verdict == Verdict::kSkipped;
    if (times == 0 && !style.details) {
      for (const auto* other : checks) {
        if (other->id != check->id || other->verdict != check->verdict) continue;
        if (!well && other->reason != check->reason) continue;
        told.insert(other);
        ++times;
      }
      if (times == 1) times = 0;
    }
    check_lines(out, report, *check, times, painter, style.details);
  }
  for (const auto& line : folded) check_lines(out, report, line, 1, painter, false);
  if (style.details) libraries(out, report);
  foot(out, report);
  return out.str();
}

}  // namespace envforge::report
