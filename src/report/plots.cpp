#include "plots.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <sstream>
#include <tuple>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/protocol/measurement_identity.hpp>
#include <envforge/report/judgement.hpp>
#include <envforge/support/text.hpp>

#include "layout.hpp"
#include "markup.hpp"
#include "names.hpp"
#include "rates.hpp"

namespace envforge::report {
namespace {

using protocol::CheckResult;
using protocol::Measurement;
using protocol::Report;

constexpr double kWidth = 760;
constexpr double kBars = 560;  // the rest of the width is for the figures

std::string px(double value) {
  return fixed(value, 1);
}

std::string open_svg(double height, const std::string& title) {
  return "<svg viewBox=\"0 0 " + px(kWidth) + " " + px(height) + "\" role=\"img\"><title>" + escaped(title) +
         "</title>\n";
}

std::string text_at(double x, double y, const std::string& css, const std::string& text) {
  return "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" class=\"" + css + "\">" + escaped(text) + "</text>\n";
}

std::string rect(double x, double y, double width, double height, const std::string& css) {
  return "<rect x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"" + px(std::max(width, 0.0)) + "\" height=\"" +
         px(height) + "\" class=\"" + css + "\"/>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& css) {
  return "<line x1=\"" + px(x1) + "\" y1=\"" + px(y1) + "\" x2=\"" + px(x2) + "\" y2=\"" + px(y2) + "\" class=\"" +
         css + "\"/>\n";
}

std::string series_class(std::size_t index) {
  constexpr std::size_t kColours = 8;
  return "s" + std::to_string(index % kColours);
}

std::size_t gpu_index(const Report& report, const std::string& uuid) {
  const auto& gpus = report.machine.gpus;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i].uuid == uuid) return i;
  }
  return 0;
}

struct Bar {
  const CheckResult* check;
  const Measurement* measurement;
};

std::vector<Bar> bars_of(const Report& report) {
  std::vector<Bar> out;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      for (const auto& m : check.measurements) {
        // Counts (of processes, of lanes) have a least or a right value, not a model that they come near to.
        const bool rate = threshold_of(check.id, m.unit) != nullptr;
        if (rate && m.expected && *m.expected > 0 && std::isfinite(m.value)) out.push_back({&check, &m});
      }
    }
  }
  // The GPUs below each other: what differs between them is seen at once.
  const auto key = [&](const Bar& bar) {
    return std::make_tuple(protocol::group_of(bar.check->id), bar.check->id, protocol::identity(*bar.measurement),
                           gpu_index(report, bar.check->gpu));
  };
  std::stable_sort(out.begin(), out.end(), [&](const Bar& a, const Bar& b) { return key(a) < key(b); });
  return out;
}

/// A label of the longest shapes would run out of the picture.
std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 118;
  return text.size() <= kMost ? text : support::printable(text.substr(0, kMost)) + " ...";
}

std::string bar_row(const Report& report, const Bar& bar, double y, double scale) {
  const Measurement& m = *bar.measurement;
  const double expected = *m.expected;
  const auto x = [&](double value) { return std::clamp(value / expected * scale, 0.0, kBars); };
  std::string out =
      text_at(0, y + 12, "label",
              shortened(bar.check->id + ", " + protocol::identity(m) + ", " + short_gpu(report, bar.check->gpu)));
  out += text_at(
      kWidth, y + 28, "value end",
      figure(m.value) + " of " + figure(expected) + " " + m.unit + ", " + fixed(100 * m.value / expected, 0) + " %");
  out += rect(0, y + 18, x(expected), 12, "model");
  const bool degraded = bar.check->verdict == protocol::Verdict::kDegraded;
  out +=
      rect(0, y + 18, x(m.value), 12, degraded ? "bar slow" : "bar " + series_class(gpu_index(report, bar.check->gpu)));
  out += line(x(expected), y + 15, x(expected), y + 33, "tick");
  if (m.spread) out += line(x(m.spread->lowest), y + 24, x(m.spread->highest), y + 24, "whisker");
  return out;
}

/// One curve: the values of one measurement of one check on one GPU over its sizes.
struct Curve {
  std::string check, unit, name;
  std::vector<std::pair<double, double>> points;  // bytes, rate
};

std::vector<Curve> curves_of(const Report& report) {
  std::vector<Curve> out;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      for (const Measurement& m : check.measurements) {
        if (m.unit.find("/s") == std::string::npos || !std::isfinite(m.value)) continue;
        const auto size = size_of(m);
        if (!size || size->bytes <= 0) continue;
        Measurement without = m;
        without.context.erase(size->key);
        const std::string name = protocol::identity(without) + ", " + short_gpu(report, check.gpu);
        auto known = std::find_if(out.begin(), out.end(), [&](const Curve& curve) {
          return curve.check == check.id && curve.unit == m.unit && curve.name == name;
        });
        if (known == out.end()) known = out.insert(out.end(), Curve{check.id, m.unit, name, {}});
        known->points.emplace_back(size->bytes, m.value);
      }
    }
  }
  out.erase(std::remove_if(out.begin(), out.end(), [](const Curve& curve) { return curve.points.size() < 3; }),
            out.end());
  for (Curve& curve : out) std::sort(curve.points.begin(), curve.points.end());
  return out;
}

std::string binary_size(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fixed(bytes, bytes < 10 && bytes != std::floor(bytes) ? 1 : 0) + " " + kUnits[unit];
}

std::string one_size_plot(const std::vector<Curve>& curves) {
  constexpr double kLeft = 60, kTop = 10, kHigh = 220;
  const double legend = 20 * static_cast<double>(curves.size());
  double low = 1e300, high = 0, most = 0;
  for (const Curve& curve : curves) {
    for (const auto& [bytes, rate] : curve.points) {
      low = std::min(low, bytes);
      high = std::max(high, bytes);
      most = std::max(most, rate);
    }
  }
  const double decades = std::max(std::log2(high / low), 1e-9);
  const auto x = [&](double bytes) { return kLeft + std::log2(bytes / low) / decades * (kWidth - kLeft - 20); };
  const auto y = [&](double rate) { return kTop + kHigh - (most > 0 ? rate / most : 0) * kHigh; };
  std::string out = open_svg(kTop + kHigh + 40 + legend, curves.front().check);
  for (int i = 0; i <= 4; ++i) {
    out += line(kLeft, y(most * i / 4), kWidth - 20, y(most * i / 4), "grid");
    out += text_at(kLeft - 6, y(most * i / 4) + 4, "value end", figure(most * i / 4));
  }
  out += text_at(0, kTop + kHigh + 16, "label", curves.front().unit);
  const int steps = std::min(6, std::max(1, static_cast<int>(decades)));
  for (int i = 0; i <= steps; ++i) {
    const double bytes = low * std::exp2(decades * i / steps);
    out += text_at(x(bytes), kTop + kHigh + 16, "value middle", binary_size(bytes));
  }
  for (std::size_t i = 0; i < curves.size(); ++i) {
    std::string points;
    for (const auto& [bytes, rate] : curves[i].points) points += px(x(bytes)) + "," + px(y(rate)) + " ";
    out += "<polyline points=\"" + points + "\" class=\"curve " + series_class(i) + "\"/>\n";
    for (const auto& [bytes, rate] : curves[i].points) {
      out += "<circle cx=\"" + px(x(bytes)) + "\" cy=\"" + px(y(rate)) + "\" r=\"3\" class=\"dot " + series_class(i) +
             "\"><title>" + escaped(binary_size(bytes) + ": " + figure(rate) + " " + curves[i].unit) +
             "</title></circle>\n";
    }
    const double at = kTop + kHigh + 36 + 20 * static_cast<double>(i);
    out += rect(kLeft, at - 9, 14, 10, "bar " + series_class(i)) + text_at(kLeft + 22, at, "label", curves[i].name);
  }
  return out + "</svg>\n";
}

}  // namespace

std::string model_bars(const Report& report) {
  const auto bars = bars_of(report);
  if (bars.empty()) return "";
  double most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.measurement->value / *bar.measurement->expected);
  constexpr double kRow = 44;
  std::string out = open_svg(kRow * static_cast<double>(bars.size()), "measured against the model");
  double y = 0;
  for (const Bar& bar : bars) {
    out += bar_row(report, bar, y, kBars / std::min(most, 2.0));
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string size_plots(const Report& report) {
  std::map<std::pair<std::string, std::string>, std::vector<Curve>> plots;
  for (Curve& curve : curves_of(report)) plots[{curve.check, curve.unit}].push_back(std::move(curve));
  std::string out;
  for (const auto& [key, curves] : plots) out += "<h3>" + escaped(key.first) + "</h3>\n" + one_size_plot(curves);
  return out;
}

std::string gpu_spread(const Report& report) {
  const auto sets = peers_of(report);
  if (sets.empty()) return "";
  constexpr double kRow = 40, kLeft = 20, kFrom = -0.25, kTo = 0.1;  // shares of the reference that the axis shows
  const auto x = [&](double share) {
    return kLeft + (std::clamp(share, kFrom, kTo) - kFrom) / (kTo - kFrom) * (kWidth - 2 * kLeft);
  };
  const double height = kRow * static_cast<double>(sets.size());
  std::string out = open_svg(height + 24, "GPUs of one kind against each other");
  double y = 0;
  for (const auto& peers : sets) {
    const double reference = peer_reference(peers).value;
    const double share = threshold_of(peers.front().check->id, peers.front().measurement->unit)->share;
    out += text_at(
        0, y + 12, "label",
        shortened(peers.front().check->id + ", " + protocol::identity(*peers.front().measurement)).substr(0, 96));
    out += text_at(kWidth, y + 12, "value end", figure(reference) + " " + peers.front().measurement->unit);
    out += rect(x(-share), y + 18, x(0) - x(-share), 12, "allowed") + line(x(kFrom), y + 24, x(kTo), y + 24, "grid");
    for (const Rate& rate : peers) {
      const std::size_t index = gpu_index(report, rate.check->gpu);
      out += "<circle cx=\"" + px(x(rate.measurement->value / reference - 1)) + "\" cy=\"" + px(y + 24) +
             "\" r=\"5\" class=\"dot " + series_class(index) + "\"><title>" +
             escaped(gpu_label(report, rate.check->gpu) + ": " + figure(rate.measurement->value)) +
             "</title></circle>\n";
    }
    y += kRow;
  }
  for (const double share : {-0.2, -0.1, 0.0, 0.1})
    out += text_at(x(share), height + 14, "value middle", fixed(100 * share, 0) + " %");
  return out + "</svg>\n";
}

}  // namespace envforge::report
