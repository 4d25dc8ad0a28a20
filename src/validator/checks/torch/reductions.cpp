// Proves: sums, products, extrema, scans, sorting, norms and softmax of torch are right over rows of 1000 elements.
// Control: one element of each output changed by four times the operator's bound.
// Suite: standard
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/std.h>
#include <ATen/ops/var.h>

#include <cmath>
#include <numeric>

#include "operators.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Operand = Operands::Operand;

constexpr std::int64_t kRows = 37;
constexpr std::int64_t kColumns = 1000;
// A sum of n terms in fp32, in any order, is off by at most (n - 1) units 2^-24 times the sum of the terms' sizes.
constexpr double kAnyOrder = kColumns * kRounding;

/// One value for each row of `x`.
Values by_row(const Operand& x, const std::function<double(const double*)>& f) {
  Values out;
  for (std::int64_t row = 0; row < kRows; ++row) out.push_back(f(&x.values[static_cast<std::size_t>(row * kColumns)]));
  return out;
}
/// A whole row for each row.
Values of_rows(const Operand& x, const std::function<void(Values&)>& f) {
  Values out;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const double* from = &x.values[static_cast<std::size_t>(row * kColumns)];
    Values values(from, from + kColumns);
    f(values);
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

double sum(const double* row) {
  return std::accumulate(row, row + kColumns, 0.0);
}
double largest(const double* row) {
  return *std::max_element(row, row + kColumns);
}
double smallest(const double* row) {
  return *std::min_element(row, row + kColumns);
}
double variance(const double* row) {
  const double mean = sum(row) / kColumns;
  double out = 0;
  for (std::int64_t i = 0; i < kColumns; ++i) out += (row[i] - mean) * (row[i] - mean);
  return out / (kColumns - 1);
}
double log_sum(const double* row) {
  const double top = largest(row);
  double out = 0;
  for (std::int64_t i = 0; i < kColumns; ++i) out += std::exp(row[i] - top);
  return top + std::log(out);
}

class Reductions : public FamilyCheck {
  std::string title() const override {
    return "over rows of " + std::to_string(kColumns) + " elements, each within its bound,";
  }
  void add(Operands& operands, std::vector<Operator>& rows) const override {
    add_exact(operands, rows);
    add_order(operands, rows);
    add_statistics(operands, rows);
  }

  /// Integers whose every partial sum fp32 holds: no order of addition changes a bit.
  static void add_exact(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.integers({kRows, kColumns}, 100);
    const auto sign = operands.mapped(x, [](double v) { return v < 0 ? -1 : 1; });
    rows.push_back({"sum", [=] { return x.tensor.sum(1); }, [=] { return exactly(by_row(x, sum)); }});
    rows.push_back({"sum of columns", [=] { return x.tensor.sum(0); },
                    [=] {
                      Values out(kColumns);
                      for (std::size_t i = 0; i < x.values.size(); ++i) out[i % kColumns] += x.values[i];
                      return exactly(out);
                    }});
    rows.push_back({"mean", [=] { return x.tensor.mean(1); },
                    [=] { return within(by_row(x, [](const double* row) { return sum(row) / kColumns; }), 1.5); }});
    rows.push_back({"cumsum", [=] { return x.tensor.cumsum(1); },
                    [=] {
                      return exactly(
                          of_rows(x, [](Values& row) { std::partial_sum(row.begin(), row.end(), row.begin()); }));
                    }});
    rows.push_back({"prod", [=] { return sign.tensor.prod(1); },
                    [=] {
                      return exactly(by_row(sign, [](const double* row) {
                        return std::accumulate(row, row + kColumns, 1.0, std::multiplies<double>());
                      }));
                    }});
    rows.push_back({"count_nonzero", [=] { return x.tensor.count_nonzero(at::IntArrayRef{1}); },
                    [=] {
                      return exactly(by_row(x, [](const double* row) {
                        return static_cast<double>(kColumns - std::count(row, row + kColumns, 0.0));
                      }));
                    }});
    rows.push_back(
        {"any", [=] { return x.tensor.gt(99).any(1).to(at::kInt); },
         [=] { return exactly(by_row(x, [](const double* row) { return largest(row) > 99 ? 1.0 : 0.0; })); }});
    rows.push_back(
        {"all", [=] { return x.tensor.gt(-100).all(1).to(at::kInt); },
         [=] { return exactly(by_row(x, [](const double* row) { return smallest(row) > -100 ? 1.0 : 0.0; })); }});
  }

  /// What only chooses among the elements has no error at all.
  static void add_order(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({kRows, kColumns});
    rows.push_back({"amax", [=] { return x.tensor.amax(1); }, [=] { return exactly(by_row(x, largest)); }});
    rows.push_back({"amin", [=] { return x.tensor.amin(1); }, [=] { return exactly(by_row(x, smallest)); }});
    // By the values that the indices name: equal elements may be named by any of their places.
    rows.push_back({"argmax", [=] { return x.tensor.gather(1, x.tensor.argmax(1, true)); },
                    [=] { return exactly(by_row(x, largest)); }});
    const auto sorted = [](Values& row) { std::sort(row.begin(), row.end()); };
    rows.push_back(
        {"sort", [=] { return std::get<0>(x.tensor.sort(1)); }, [=] { return exactly(of_rows(x, sorted)); }});
    rows.push_back({"argsort", [=] { return x.tensor.gather(1, x.tensor.argsort(std::int64_t{1}, false)); },
                    [=] { return exactly(of_rows(x, sorted)); }});
    rows.push_back({"topk", [=] { return std::get<0>(x.tensor.topk(10, 1)); },
                    [=] {
                      return exactly(of_rows(x, [](Values& row) {
                        std::sort(row.rbegin(), row.rend());
                        row.resize(10);
                      }));
                    }});
    const auto nth = [](std::int64_t n) {
      return [n](const double* row) {
        Values values(row, row + kColumns);
        std::sort(values.begin(), values.end());
        return values[static_cast<std::size_t>(n)];
      };
    };
    rows.push_back({"median", [=] { return std::get<0>(x.tensor.median(1)); },
                    [=] { return exactly(by_row(x, nth((kColumns - 1) / 2))); }});
    rows.push_back({"kthvalue", [=] { return std::get<0>(x.tensor.kthvalue(123, 1)); },
                    [=] { return exactly(by_row(x, nth(122))); }});
    rows.push_back({"cummax", [=] { return std::get<0>(x.tensor.cummax(1)); },
                    [=] {
                      return exactly(of_rows(x, [](Values& row) {
                        for (std::size_t i = 1; i < row.size(); ++i) row[i] = std::max(row[i], row[i - 1]);
                      }));
                    }});
  }

  static void add_statistics(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({kRows, kColumns});
    const auto relative = [](const Values& values, double by) { return within(values, by / (2 * kRounding)); };
    // Sums of squares have terms of one sign only, so the bound of any order is relative.
    rows.push_back({"norm", [=] { return at::linalg_vector_norm(x.tensor, 2, at::IntArrayRef{1}); },
                    [=] {
                      return relative(by_row(x,
                                             [](const double* row) {
                                               return std::sqrt(std::inner_product(row, row + kColumns, row, 0.0));
                                             }),
                                      kAnyOrder);
                    }});
    rows.push_back({"var", [=] { return at::var(x.tensor, at::IntArrayRef{1}, true); },
                    [=] { return relative(by_row(x, variance), 4 * kAnyOrder); }});
    rows.push_back({"std", [=] { return at::std(x.tensor, at::IntArrayRef{1}, true); },
                    [=] {
                      return relative(by_row(x, [](const double* row) { return std::sqrt(variance(row)); }),
                                      2 * kAnyOrder);
                    }});
    // exp is good to two units, the sum of positive terms to any order's bound, and both are told relative to 1.
    rows.push_back({"softmax", [=] { return at::softmax(x.tensor, 1); },
                    [=] {
                      return relative(of_rows(x,
                                              [](Values& row) {
                                                const double log = log_sum(row.data());
                                                for (double& value : row) value = std::exp(value - log);
                                              }),
                                      kAnyOrder + 8 * kRounding);
                    }});
    rows.push_back({"log_softmax", [=] { return at::log_softmax(x.tensor, 1); },
                    [=] {
                      return within(of_rows(x,
                                            [](Values& row) {
                                              const double log = log_sum(row.data());
                                              for (double& value : row) value -= log;
                                            }),
                                    2, kAnyOrder + 8 * kRounding);
                    }});
    rows.push_back({"logsumexp", [=] { return at::logsumexp(x.tensor, at::IntArrayRef{1}); },
                    [=] { return within(by_row(x, log_sum), 1, kAnyOrder + 8 * kRounding); }});
  }
};

ENVFORGE_CHECK(Reductions);

}  // namespace
}  // namespace envforge::validator::checks::torch
