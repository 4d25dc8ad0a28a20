// A family of operators, one row each: what torch computes, what the truth is (in double precision, without torch), and
// how far a right library may be from it. One check judges a whole family.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/check.hpp"
#include "harness/context.hpp"
#include "numbers/problem.hpp"
#include "session.hpp"
#include "tensors.hpp"

namespace envforge::validator::checks::torch {

using Values = std::vector<double>;
using Truths = std::vector<numbers::Truth>;

/// Half a unit in the last place of fp32 relative to the value; a whole one is twice that.
inline constexpr double kRounding = 5.9604644775390625e-8;  // 2^-24

struct Operator {
  std::string name;
  std::function<at::Tensor()> compute;  // on the device
  std::function<Truths()> truth;
  /// What of the output is compared, where that is not its elements: a product of factors, say.
  std::function<at::Tensor(const at::Tensor&)> read = {};
  /// The least share of a fault in one element of the output that `read` shows.
  double seen = 1;
};

/// Every value with the bound `units` x 2^-23 x |value| + `absolute`.
inline Truths within(const Values& values, double units, double absolute = 0) {
  Truths out;
  out.reserve(values.size());
  for (const double value : values) out.push_back({value, units * 2 * kRounding * std::fabs(value) + absolute});
  return out;
}
inline Truths exactly(const Values& values) {
  return within(values, 0);
}

/// The operands of a family, made from the seed, on the host in double and on the device in fp32.
class Operands {
 public:
  Operands(std::uint64_t seed, const c10::Device& device) : seed_(seed), device_(device) {}

  struct Operand {
    Values values;
    at::Tensor tensor;
  };
  /// Bell-shaped, in (-4, 4) in steps of 2^-15: exact in fp32.
  Operand normal(const std::vector<std::int64_t>& sizes) { return make(sizes, 0); }
  /// Integers in [-amplitude, amplitude].
  Operand integers(const std::vector<std::int64_t>& sizes, int amplitude) { return make(sizes, amplitude); }
  /// Integers in [0, end), as int64.
  Operand indices(const std::vector<std::int64_t>& sizes, std::int64_t end);
  /// `operand` with each value through `change`, rounded to fp32.
  Operand mapped(const Operand& operand, const std::function<double(double)>& change) const;
  const c10::Device& device() const { return device_; }

 private:
  Operand make(const std::vector<std::int64_t>& sizes, int amplitude) {
    Operand out;
    out.values = operand_values(count_of(sizes), {++stream_, "fp32", amplitude}, seed_);
    out.tensor = tensor_of(out.values, sizes, device_);
    return out;
  }
  static std::int64_t count_of(const std::vector<std::int64_t>& sizes) {
    std::int64_t count = 1;
    for (const std::int64_t size : sizes) count *= size;
    return count;
  }

  std::uint64_t seed_;
  c10::Device device_;
  std::uint64_t stream_ = 20;  // those below belong to the other checks
};

inline Operands::Operand Operands::indices(const std::vector<std::int64_t>& sizes, std::int64_t end) {
  Operand out;
  const auto base = numbers::stream_base(seed_, ++stream_);
  const auto count = static_cast<std::size_t>(count_of(sizes));
  at::Tensor host = at::empty(sizes, at::TensorOptions().dtype(at::kLong));
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::int64_t>(numbers::bits_at(base, i) % static_cast<std::uint64_t>(end));
    host.data_ptr<std::int64_t>()[i] = index;
    out.values.push_back(static_cast<double>(index));
  }
  out.tensor = host.to(device_);
  return out;
}

inline Operands::Operand Operands::mapped(const Operand& operand, const std::function<double(double)>& change) const {
  Operand out;
  for (const double value : operand.values) {
    out.values.push_back(static_cast<double>(static_cast<float>(change(value))));
  }
  out.tensor = tensor_of(out.values, operand.tensor.sizes().vec(), device_);
  return out;
}

/// Runs every operator, compares all of its elements, plants one wrong element in each output and looks again. A family
/// passes when each is right; its summary names the operator that came closest to its bound.
class Family {
 public:
  Family(harness::Context& context, std::string title) : context_(&context), title_(std::move(title)) {}

  void judge(const std::vector<Operator>& operators, protocol::CheckResult& result) {
    const auto& session = context_->session<Session>();
    for (const auto& one : operators) compute(one, session.where());
    if (rows_.empty()) throw harness::Skip("this build of torch has none of these operators: " + left_out_);
    const auto count = static_cast<double>(rows_.size());
    const harness::Control control{
        "one element of each of the " + std::to_string(rows_.size()) + " outputs changed by 4 bounds", count,
        [this] {
          planted_ = true;
          for (auto& row : rows_) plant(row);
        },
        [this] {
          planted_ = false;
          for (auto& row : rows_) row.output.copy_(row.kept);
        }};
    result.summary = std::to_string(rows_.size()) + " operators " + title_ + session.where();
    harness::judge(
        result, [this] { return compare(); }, control, protocol::Layer::kImage);
    if (result.verdict == protocol::Verdict::kError && !missed_.empty()) result.reason += ": " + missed_;
    if (result.verdict == protocol::Verdict::kPass && !closest_.empty()) {
      result.summary += "; " + closest_ + " came closest to its bound";
    }
    if (!left_out_.empty()) result.summary += "; not in this build of torch: " + left_out_;
    protocol::Measurement worst;
    worst.name = "largest error";
    worst.value = largest_share_;
    worst.unit = "of the bound";
    worst.context = {{"operator", closest_}, {"operators", names_}};
    result.measurements.push_back(worst);
  }

 private:
  struct Row {
    std::string name;
    at::Tensor output, kept;
    std::function<at::Tensor(const at::Tensor&)> read;
    Truths truth;
    std::int64_t place = 0;
    double fault = 0;
  };

  void compute(const Operator& one, const std::string& where) {
    context_->doing(one.name + where);
    Row row;
    try {
      row.output = one.compute().contiguous();
      row.kept = row.output.clone();
    } catch (const c10::Error& error) {
      const std::string text = error.what_without_backtrace();
      if (text.find("ompiled with") != std::string::npos) {  // "[not] compiled with LAPACK", "MKL", "MAGMA"
        left_out_ += (left_out_.empty() ? "" : ", ") + one.name;
        return;
      }
      throw refusal(one.name + ": torch refused: ", text);
    }
    row.name = one.name;
    row.read = one.read;
    row.truth = one.truth();
    double largest = 0;
    for (const auto& truth : row.truth) largest = std::max(largest, std::fabs(truth.value));
    const bool integral = c10::isIntegralType(row.output.scalar_type(), /*includeBool=*/true);
    // Four units of the output's type at its largest value: less could vanish in the rounding.
    const double least = integral ? 1 : 4 * units_of(row.output.scalar_type()) * largest;
    row.fault = std::max(integral ? 1 : 4 * largest_bound(row.truth), std::max(least, 1e-30)) / one.seen;
    row.place = row.output.numel() / 2;
    names_ += (names_.empty() ? "" : " ") + one.name;
    rows_.push_back(std::move(row));
  }

  static double units_of(at::ScalarType type) {
    return type == at::kDouble ? 2.3e-16 : type == at::kHalf ? 9.8e-4 : type == at::kBFloat16 ? 7.9e-3 : 1.2e-7;
  }

  static void plant(Row& row) {
    const bool integral = c10::isIntegralType(row.output.scalar_type(), /*includeBool=*/true);
    element(row.output, row.place).add_(integral ? at::Scalar(std::int64_t{1}) : at::Scalar(row.fault));
  }

  harness::Comparison compare() {
    harness::Comparison out;
    missed_.clear();
    for (const auto& row : rows_) {
      const at::Tensor read = row.read ? row.read(row.output) : row.output;
      const at::Tensor host = read.to(at::kCPU).to(at::kDouble).contiguous();
      const auto found = compare_doubles(row, host);
      out.compared += found.compared;
      out.wrong += found.wrong;
      if (found.wrong > 0) {
        ++out.worst;
        if (out.first.empty()) out.first = row.name + ": " + found.first;
      } else {
        missed_ += (missed_.empty() ? "" : ", ") + row.name;
      }
    }
    return out;
  }

  harness::Comparison compare_doubles(const Row& row, const at::Tensor& host) {
    harness::Comparison out;
    out.compared = static_cast<std::uint64_t>(host.numel());
    if (out.compared != row.truth.size()) {
      out.wrong = std::max<std::uint64_t>(1, row.truth.size());
      out.first =
          "the output has " + std::to_string(out.compared) + " elements, expected " + std::to_string(row.truth.size());
      return out;
    }
    for (std::size_t i = 0; i < row.truth.size(); ++i) {
      const double found = host.data_ptr<double>()[i];
      const auto& truth = row.truth[i];
      const double difference = std::fabs(found - truth.value);
      if (difference <= truth.bound) {
        note_share(row, truth.bound > 0 ? difference / truth.bound : 0);
        continue;
      }
      if (out.wrong++ == 0) {
        out.first = "element " + std::to_string(i) + " is " + std::to_string(found) + ", expected " +
                    std::to_string(truth.value) + ", off by " + short_text(difference) + ", allowed " +
                    short_text(truth.bound);
      }
    }
    return out;
  }

  void note_share(const Row& row, double share) {
    if (planted_ || share <= largest_share_) return;
    largest_share_ = share;
    closest_ = row.name;
  }

  static std::string short_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }

  harness::Context* context_;
  std::string title_;
  std::vector<Row> rows_;
  std::string names_, closest_, left_out_, missed_;
  double largest_share_ = 0;
  bool planted_ = false;
};

/// A check of one family: it only says what its operators are.
class FamilyCheck : public TorchCheck {
 public:
  void compute(harness::Context& context, protocol::CheckResult& result) final {
    std::vector<Operator> rows;
    Operands operands(context.request().seed, context.session<Session>().device());
    add(operands, rows);
    Family(context, title()).judge(rows, result);
  }

 private:
  /// What follows "<count> operators" in the summary.
  virtual std::string title() const = 0;
  virtual void add(Operands& operands, std::vector<Operator>& rows) const = 0;
};

}  // namespace envforge::validator::checks::torch
