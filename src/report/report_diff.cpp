#include <envforge/report/report_diff.hpp>

#include <algorithm>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include <envforge/protocol/measurement_identity.hpp>
#include <envforge/report/judgement.hpp>
#include <envforge/support/text.hpp>

#include "layout.hpp"
#include "rates.hpp"

namespace envforge::report {
namespace {

using protocol::Measurement;
using protocol::Report;
using support::printable;

/// GPUs of two machines have nothing in common but their places.
std::string place_of(const Report& report, const std::string& uuid) {
  const auto& gpus = report.machine.gpus;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i].uuid == uuid) return "GPU " + std::to_string(i);
  }
  return "";
}

std::string gpus_of(const Report& report) {
  return report.machine.gpus.empty() ? "none" : gpu_kind(report, "");
}

std::vector<FactRow> facts_of(const Report& a, const Report& b) {
  std::vector<FactRow> rows = {
      {"verdict", to_string(protocol::overall(a)) + ": " + protocol::overall_reason(a),
       to_string(protocol::overall(b)) + ": " + protocol::overall_reason(b)},
      {"image", a.image, b.image},
      {"image id", a.image_id, b.image_id},
      {"lock", a.lock_digest, b.lock_digest},
      {"suite", a.suite, b.suite},
      {"host", a.machine.hostname, b.machine.hostname},
      {"GPUs", gpus_of(a), gpus_of(b)},
      {"driver", a.machine.driver, b.machine.driver},
      {"CUDA of the driver", a.machine.cuda_driver, b.machine.cuda_driver},
      {"kernel", a.machine.kernel, b.machine.kernel},
      {"engine", a.engine, b.engine},
      {"GPU injection", a.gpu_injection, b.gpu_injection},
      {"flags", support::join(a.container_args, " "), support::join(b.container_args, " ")},
      {"validator", a.validator.version + " " + a.validator.commit, b.validator.version + " " + b.validator.commit}};
  rows.erase(std::remove_if(rows.begin(), rows.end(), [](const FactRow& row) { return row.a == row.b; }), rows.end());
  return rows;
}

std::vector<VerdictRow> verdicts_of(const Report& a, const Report& b) {
  std::map<std::pair<std::string, std::string>, VerdictRow> rows;
  const auto put = [&](const Report& report, std::string VerdictRow::*verdict, std::string VerdictRow::*reason) {
    for (const auto& group : report.groups) {
      for (const auto& check : group.checks) {
        const std::string gpu = place_of(report, check.gpu);
        VerdictRow& row = rows.try_emplace({check.id, gpu}, VerdictRow{check.id, gpu, "-", "-", "", ""}).first->second;
        row.*verdict = to_string(check.verdict);
        row.*reason = check.reason;
      }
    }
  };
  put(a, &VerdictRow::a, &VerdictRow::reason_a);
  put(b, &VerdictRow::b, &VerdictRow::reason_b);
  // With one GPU the results of a group on all GPUs bear that GPU's name.
  for (auto& [key, row] : rows) {
    const auto one = rows.find({row.check, "GPU 0"});
    if (!row.gpu.empty() || one == rows.end()) continue;
    VerdictRow& other = one->second;
    if (row.a == "-" && other.b == "-") std::swap(row.a, other.a), std::swap(row.reason_a, other.reason_a);
    if (row.b == "-" && other.a == "-") std::swap(row.b, other.b), std::swap(row.reason_b, other.reason_b);
  }
  const auto has = [](const Report& report, const std::string& gpu) {
    return gpu.empty() || std::any_of(report.machine.gpus.begin(), report.machine.gpus.end(),
                                      [&](const auto& one) { return place_of(report, one.uuid) == gpu; });
  };
  std::vector<VerdictRow> out;
  for (const auto& [key, row] : rows) {
    // A GPU that only one machine has is told among the facts.
    if (row.a != row.b && has(a, row.gpu) && has(b, row.gpu)) out.push_back(row);
  }
  return out;
}

struct Pair {
  FigureRow row;
  const Rate *a = nullptr, *b = nullptr;
};

std::vector<FigureRow> figures_of(const Report& a, const Report& b) {
  const auto rates_a = rates_of(a), rates_b = rates_of(b);
  std::map<std::vector<std::string>, Pair> pairs;
  const auto put = [&](const Report& report, const std::vector<Rate>& rates, std::optional<double> FigureRow::*value,
                       const Rate* Pair::*rate) {
    for (const Rate& one : rates) {
      const std::string gpu = place_of(report, one.check->gpu), name = protocol::identity(*one.measurement);
      Pair& pair = pairs[{one.check->id, name, gpu, one.measurement->unit}];
      pair.row.check = one.check->id;
      pair.row.gpu = gpu;
      pair.row.measurement = name;
      pair.row.unit = one.measurement->unit;
      pair.row.*value = one.measurement->value;
      pair.*rate = &one;
    }
  };
  put(a, rates_a, &FigureRow::a, &Pair::a);
  put(b, rates_b, &FigureRow::b, &Pair::b);
  std::vector<FigureRow> out;
  for (auto& [key, pair] : pairs) {
    if (pair.a != nullptr && pair.b != nullptr && gpu_kind(a, pair.a->check->gpu) == gpu_kind(b, pair.b->check->gpu)) {
      std::string basis;
      const double share = allowed_share(*threshold_of(pair.row.check, pair.row.unit), *pair.a->measurement,
                                         *pair.b->measurement, basis);
      const double larger = std::max(*pair.row.a, *pair.row.b), smaller = std::min(*pair.row.a, *pair.row.b);
      pair.row.differs = smaller < larger * (1 - share);
    }
    out.push_back(std::move(pair.row));
  }
  return out;
}

std::map<std::string, std::string> libraries_by_soname(const Report& report) {
  std::map<std::string, std::string> out;
  for (const auto& group : report.groups) {
    for (const auto& one : group.libraries) {
      const std::string text = one.version + ", " + one.owner + ", " + one.path;
      std::string& known = out[one.soname];
      if (known.find(text) == std::string::npos) known += (known.empty() ? "" : "; ") + text;
    }
  }
  return out;
}

std::vector<LibraryRow> libraries_of(const Report& a, const Report& b) {
  const auto of_a = libraries_by_soname(a), of_b = libraries_by_soname(b);
  std::map<std::string, LibraryRow> rows;
  for (const auto& [soname, text] : of_a) rows[soname] = {soname, text, "-"};
  for (const auto& [soname, text] : of_b) {
    LibraryRow& row = rows.try_emplace(soname, LibraryRow{soname, "-", "-"}).first->second;
    row.b = text;
  }
  std::vector<LibraryRow> out;
  for (const auto& [soname, row] : rows) {
    if (row.a != row.b) out.push_back(row);
  }
  return out;
}

void two_lines(std::ostream& out, const std::string& a, const std::string& b) {
  out << "    A  " << support::wrap(printable(a.empty() ? "-" : a), 7, 9) << "\n";
  out << "    B  " << support::wrap(printable(b.empty() ? "-" : b), 7, 9) << "\n";
}

void figures_text(std::ostream& out, std::vector<FigureRow> rows, bool details) {
  if (rows.empty()) return;
  const auto only_a = std::count_if(rows.begin(), rows.end(), [](const FigureRow& row) { return !row.b; });
  const auto only_b = std::count_if(rows.begin(), rows.end(), [](const FigureRow& row) { return !row.a; });
  if (!details) {
    rows.erase(std::remove_if(rows.begin(), rows.end(), [](const FigureRow& row) { return !row.a || !row.b; }),
               rows.end());
  }
  std::stable_partition(rows.begin(), rows.end(), [](const FigureRow& row) { return row.differs; });
  out << "\nrates" << pad("", 43) << pad("A", 11) << pad("B", 11) << "B/A\n";
  for (const auto& row : rows) {
    const std::string what = printable(row.check + (row.gpu.empty() ? "" : ", " + row.gpu));
    out << "  " << support::wrap(what + ", " + printable(row.measurement), 2, 4) << "\n";
    std::string ratio;
    if (row.a && row.b && *row.a > 0) ratio = fixed(100 * *row.b / *row.a, 1) + " %" + (row.differs ? "  <--" : "");
    out << pad("      " + printable(row.unit), 48) << pad(row.a ? figure(*row.a) : "-", 11)
        << pad(row.b ? figure(*row.b) : "-", 11) << ratio << "\n";
  }
  if (!details && only_a + only_b > 0) {
    out << "  " << only_a << " rates stand in A only, " << only_b << " in B only; --details lists them\n";
  }
}

}  // namespace

ReportDiff diff_reports(const Report& a, const Report& b) {
  return {facts_of(a, b), verdicts_of(a, b), figures_of(a, b), libraries_of(a, b)};
}

std::string diff_text(const ReportDiff& diff, const std::string& name_a, const std::string& name_b, bool details) {
  std::ostringstream out;
  const auto marked =
      std::count_if(diff.figures.begin(), diff.figures.end(), [](const auto& row) { return row.differs; });
  out << diff.facts.size() << " facts, " << diff.verdicts.size() << " verdicts, " << marked << " of "
      << diff.figures.size() << " rates and " << diff.libraries.size() << " libraries differ\n";
  two_lines(out, name_a, name_b);
  if (!diff.facts.empty()) out << "\nfacts\n";
  for (const auto& row : diff.facts) {
    out << "  " << row.name << "\n";
    two_lines(out, row.a, row.b);
  }
  if (!diff.verdicts.empty()) out << "\nverdicts\n";
  for (const auto& row : diff.verdicts) {
    out << "  " << printable(row.check) << (row.gpu.empty() ? "" : ", " + row.gpu) << "\n";
    two_lines(out, row.a + (row.reason_a.empty() ? "" : ": " + row.reason_a),
              row.b + (row.reason_b.empty() ? "" : ": " + row.reason_b));
  }
  figures_text(out, diff.figures, details);
  if (!diff.libraries.empty()) out << "\nlibraries\n";
  for (const auto& row : diff.libraries) {
    out << "  " << printable(row.soname) << "\n";
    two_lines(out, row.a, row.b);
  }
  return out.str();
}

nlohmann::json to_json(const ReportDiff& diff) {
  using nlohmann::json;
  json out = {{"schema", "envforge/report-diff"}, {"schema_version", 1},    {"facts", json::array()},
              {"verdicts", json::array()},        {"rates", json::array()}, {"libraries", json::array()}};
  for (const auto& row : diff.facts) out["facts"].push_back({{"name", row.name}, {"a", row.a}, {"b", row.b}});
  for (const auto& row : diff.verdicts) {
    out["verdicts"].push_back({{"check", row.check},
                               {"gpu", row.gpu},
                               {"a", row.a},
                               {"b", row.b},
                               {"reason_a", row.reason_a},
                               {"reason_b", row.reason_b}});
  }
  for (const auto& row : diff.figures) {
    out["rates"].push_back({{"check", row.check},
                            {"gpu", row.gpu},
                            {"measurement", row.measurement},
                            {"unit", row.unit},
                            {"a", row.a ? json(*row.a) : json(nullptr)},
                            {"b", row.b ? json(*row.b) : json(nullptr)},
                            {"differs", row.differs}});
  }
  for (const auto& row : diff.libraries) {
    out["libraries"].push_back({{"soname", row.soname}, {"a", row.a}, {"b", row.b}});
  }
  return out;
}

}  // namespace envforge::report
