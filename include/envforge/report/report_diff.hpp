// Two reports side by side: what ran, what each check said, how fast, and which libraries differ. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

struct FactRow {
  std::string name, a, b;
};
struct VerdictRow {
  std::string check;
  std::string gpu;   // "GPU 0": position in each report; "" = all
  std::string a, b;  // verdict; "-" = not in that report
  std::string reason_a, reason_b;
};
struct FigureRow {
  std::string check, gpu, measurement, unit;
  std::optional<double> a, b;
  /// By more than the stated share or the noise of both. Only where the kind of GPU is the same.
  bool differs = false;
};
struct LibraryRow {
  std::string soname, a, b;  // "12.4.5.8, pip nvidia-cublas-cu12 12.4.5.8, /path"; "-" = not mapped
};

struct ReportDiff {
  std::vector<FactRow> facts;         // only those that differ
  std::vector<VerdictRow> verdicts;   // only those that differ
  std::vector<FigureRow> figures;     // all rates of either report
  std::vector<LibraryRow> libraries;  // only those that differ
};

ReportDiff diff_reports(const protocol::Report& a, const protocol::Report& b);
/// 80 columns, for people; `name_a` and `name_b` head the columns. Rates that differ come first; those of one report
/// alone are a number unless `details`.
std::string diff_text(const ReportDiff& diff, const std::string& name_a, const std::string& name_b,
                      bool details = false);
/// {schema: "envforge/report-diff", schema_version: 1, ...}.
nlohmann::json to_json(const ReportDiff& diff);

}  // namespace envforge::report
