#include <envforge/report/html_report.hpp>

#include <algorithm>
#include <sstream>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/protocol/measurement_identity.hpp>
#include <envforge/report/judgement.hpp>
#include <envforge/support/text.hpp>

#include "html_style.hpp"
#include "layout.hpp"
#include "markup.hpp"
#include "names.hpp"
#include "plots.hpp"
#include "worst_first.hpp"

namespace envforge::report {
namespace {

using protocol::CheckResult;
using protocol::Report;
using protocol::Verdict;

std::string badge(Verdict verdict) {
  const std::string word = to_string(verdict);  // one of ours: also a CSS class
  return "<span class=\"verdict " + word + "\">" + word + "</span>";
}

std::string paragraph(const std::string& name, const std::string& value) {
  return value.empty() ? "" : "<dt>" + name + "</dt><dd>" + escaped(value) + "</dd>\n";
}

void head(std::ostream& out, const Report& report) {
  const std::string subject = report.image.empty() ? "this environment" : report.image;
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      << "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"
      << escaped(to_string(protocol::overall(report)) + ": " + subject) << "</title>\n<style>\n"
      << kStyle << "</style>\n</head>\n<body>\n";
  out << "<h1>" << badge(protocol::overall(report)) << " " << escaped(subject) << "</h1>\n";
  out << "<p>" << escaped(protocol::overall_reason(report)) << ", in " << fixed(report.seconds, 1) << " s";
  if (report.rounds > 1) out << ", " << report.rounds << " rounds";
  out << "</p>\n<p class=\"soft\">suite " << escaped(report.suite) << (report.started.empty() ? "" : ", started ")
      << escaped(report.started) << ", on " << escaped(machine_text(report) + ", " + report.machine.hostname)
      << "</p>\n";
  for (const auto& sentence : report.not_judged)
    out << "<p class=\"soft\">not judged: " << escaped(sentence) << "</p>\n";
}

std::string evidence(const std::string& text) {
  constexpr std::size_t kShown = 300;
  const std::string shown = beginning_of(text, kShown);
  if (shown == text) return paragraph("rests on", text);
  return "<dt>rests on</dt><dd><details><summary>" + escaped(shown) + "</summary>" + escaped(text) +
         "</details></dd>\n";
}

void troubles(std::ostream& out, const Report& report) {
  for (const CheckResult* check : worst_first(report)) {
    if (check->verdict == Verdict::kPass || check->verdict == Verdict::kSkipped) continue;
    out << "<div class=\"box " << (check->verdict == Verdict::kDegraded ? "degraded" : "bad") << "\">"
        << badge(check->verdict) << " <code>" << escaped(check->id) << "</code> "
        << escaped(gpu_label(report, check->gpu)) << "<p>" << escaped(check->reason) << "</p>\n<dl>\n";
    if (check->layer != protocol::Layer::kNone) out << paragraph("layer", to_string(check->layer));
    out << evidence(check->evidence) << paragraph("mend", check->mend) << "</dl></div>\n";
  }
}

void plot(std::ostream& out, const std::string& title, const std::string& caption, const std::string& svg) {
  if (!svg.empty()) out << "<h2>" << title << "</h2>\n<p class=\"soft\">" << caption << "</p>\n" << svg;
}

void measurements(std::ostream& out, const CheckResult& check) {
  if (check.measurements.empty()) return;
  out << "<table><tr><th>measurement</th><th class=\"n\">value</th><th class=\"n\">lowest to highest</th>"
      << "<th class=\"n\">model</th><th>from</th></tr>\n";
  for (const auto& m : check.measurements) {
    std::string context;
    for (const auto& [key, value] : m.context) context += (context.empty() ? "" : ", ") + key + " " + value;
    out << "<tr><td>" << escaped(m.name) << "<div class=\"soft\">" << escaped(context) << "</div></td><td class=\"n\">"
        << figure(m.value) << " " << escaped(m.unit) << "</td><td class=\"n\">"
        << (m.spread ? figure(m.spread->lowest) + " to " + figure(m.spread->highest) + " (" +
                           std::to_string(m.spread->samples) + ")"
                     : "")
        << "</td><td class=\"n\">" << (m.expected ? figure(*m.expected) : "") << "</td><td>" << escaped(m.derivation)
        << "</td></tr>\n";
  }
  out << "</table>\n";
}

void details(std::ostream& out, const CheckResult& check) {
  out << "<details><summary>"
      << escaped(check.verdict == Verdict::kPass || check.reason.empty() ? check.summary : check.reason)
      << "</summary>\n<dl>\n";
  if (check.control) {
    out << paragraph("control", check.control->planted + (check.control->detected ? ": found" : ": NOT found") +
                                    " (claimed " + figure(check.control->claimed) + ", found " +
                                    figure(check.control->found) + ")");
  }
  if (check.recomputed > 0) {
    out << paragraph("recomputed", std::to_string(check.recomputed) + " elements, by the driver itself");
  }
  if (check.rounds > 1) out << paragraph("rounds", std::to_string(check.rounds));
  for (const auto& failure : check.failures) {
    out << paragraph("round " + std::to_string(failure.round),
                     "second " + fixed(failure.second, 0) + ": " + to_string(failure.verdict) + ": " + failure.reason);
  }
  out << "</dl>\n";
  measurements(out, check);
  out << "</details>";
}

void checks(std::ostream& out, const Report& report) {
  out << "<h2>Checks</h2>\n<table><tr><th>verdict</th><th>check</th><th>GPU</th><th>result</th><th "
         "class=\"n\">s</th></tr>\n";
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      out << "<tr><td>" << badge(check.verdict) << "</td><td class=\"id\">" << escaped(check.id)
          << "</td><td class=\"gpu\">" << (check.gpu.empty() ? "" : escaped(short_gpu(report, check.gpu)))
          << "</td><td>";
      details(out, check);
      out << "</td><td class=\"n\">" << fixed(check.seconds, 2) << "</td></tr>\n";
    }
  }
  out << "</table>\n";
}

void libraries(std::ostream& out, const Report& report) {
  out << "<h2>Libraries</h2>\n<table><tr><th>group</th><th>library</th><th>version</th><th>owner</th><th>chosen "
         "by</th></tr>\n";
  for (const auto& group : report.groups) {
    for (const auto& one : group.libraries) {
      out << "<tr><td>" << escaped(group.group) << "</td><td>" << escaped(one.soname) << "<div class=\"soft\">"
          << escaped(one.path) << "</div></td><td>" << escaped(one.version) << "</td><td>" << escaped(one.owner)
          << "</td><td>" << escaped(one.rule) << "</td></tr>\n";
    }
  }
  out << "</table>\n";
}

void surroundings(std::ostream& out, const Report& report) {
  out << "<h2>What was judged, and by what</h2>\n<dl>\n"
      << paragraph("image", report.image) << paragraph("image id", report.image_id)
      << paragraph("manifest", report.manifest_digest) << paragraph("lock", report.lock_digest)
      << paragraph("engine", report.engine) << paragraph("GPU injection", report.gpu_injection)
      << paragraph("flags", support::join(report.container_args, " "))
      << paragraph("required", support::join(report.required, ", "));
  for (const auto& gpu : report.machine.gpus) {
    out << paragraph("GPU", gpu.name + ", " + gpu.uuid + ", " + gpu.pci_bus_id + ", compute capability " +
                                gpu.compute_capability + ", " + support::human_bytes(gpu.memory_bytes) +
                                (gpu.vbios.empty() ? "" : ", VBIOS " + gpu.vbios) +
                                (gpu.used_by.empty() ? "" : ", used by " + support::join(gpu.used_by, ", ")));
  }
  out << paragraph("driver", report.machine.driver) << paragraph("CUDA of the driver", report.machine.cuda_driver)
      << paragraph("kernel", report.machine.kernel) << paragraph("nonce", report.nonce)
      << paragraph("validator", report.validator.version + " " + report.validator.commit);
  for (const auto& [name, digest] : report.validator.binaries) out << paragraph(escaped(name), "sha256 " + digest);
  out << "</dl>\n";
}

}  // namespace

std::string html_report(const Report& report) {
  std::ostringstream out;
  head(out, report);
  troubles(out, report);
  plot(out, "Measured against the model",
       "The wide bar is what the GPU or its links could do by the model at the observed clock, the coloured one what "
       "was "
       "measured; a dark line spans the slowest and the fastest sample.",
       model_bars(report));
  plot(out, "Rate against size", "A curve for each operation and GPU; the sizes are logarithmic.", size_plots(report));
  plot(out, "GPUs of one kind against each other",
       "A dot for each GPU, as a difference from the faster of two or the median of more; the shaded part is allowed.",
       gpu_spread(report));
  checks(out, report);
  libraries(out, report);
  surroundings(out, report);
  out << "<p class=\"soft\">This page is a view. The evidence is the sealed JSON report of the same "
         "run.</p>\n</body>\n</html>\n";
  return out.str();
}

}  // namespace envforge::report
