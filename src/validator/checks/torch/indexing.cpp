// Proves: operators of torch that move, choose, count and scatter elements put each where it belongs, bit for bit.
// Control: one element of each output changed by one.
// Suite: standard
#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/im2col.h>
#include <ATen/ops/pixel_shuffle.h>
#include <ATen/ops/reflection_pad1d.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/stack.h>

#include <cmath>
#include <numeric>

#include "operators.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Operand = Operands::Operand;

constexpr std::int64_t kRows = 53;
constexpr std::int64_t kColumns = 257;
constexpr std::int64_t kPicked = 391;

/// The values of a new matrix from where each of its elements comes from; a negative place is `otherwise`.
Truths from(const Values& values, std::int64_t rows, std::int64_t columns,
            const std::function<std::int64_t(std::int64_t, std::int64_t)>& place, double otherwise = 0) {
  Values out;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const std::int64_t at = place(row, column);
      out.push_back(at < 0 ? otherwise : values[static_cast<std::size_t>(at)]);
    }
  }
  return exactly(out);
}

std::int64_t at_row(const Operand& index, std::int64_t i) {
  return static_cast<std::int64_t>(index.values[static_cast<std::size_t>(i)]);
}

class Indexing : public FamilyCheck {
  std::string title() const override { return "that move, choose, scatter and count, every element exact,"; }
  void add(Operands& operands, std::vector<Operator>& rows) const override {
    add_moves(operands, rows);
    add_choices(operands, rows);
    add_scatters(operands, rows);
    add_counts(operands, rows);
  }

  static void add_moves(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.integers({kRows, kColumns}, 1 << 20);
    const auto row = [&](const char* name, std::function<at::Tensor()> torch, std::int64_t height, std::int64_t width,
                         std::function<std::int64_t(std::int64_t, std::int64_t)> place) {
      rows.push_back({name, std::move(torch), [=] { return from(x.values, height, width, place); }});
    };
    row(
        "transpose", [=] { return x.tensor.t(); }, kColumns, kRows, [](auto r, auto c) { return c * kColumns + r; });
    row(
        "flip",
        [=] {
          return x.tensor.flip({0, 1});
        },
        kRows, kColumns, [](auto r, auto c) { return (kRows - 1 - r) * kColumns + kColumns - 1 - c; });
    row(
        "roll", [=] { return x.tensor.roll({5}, {1}); }, kRows, kColumns,
        [](auto r, auto c) { return r * kColumns + (c + kColumns - 5) % kColumns; });
    row(
        "tril", [=] { return x.tensor.tril(); }, kRows, kColumns,
        [](auto r, auto c) { return c <= r ? r * kColumns + c : -1; });
    row(
        "slice with a step", [=] { return x.tensor.slice(1, 3, kColumns, 7); }, kRows, (kColumns - 3 + 6) / 7,
        [](auto r, auto c) { return r * kColumns + 3 + 7 * c; });
    row(
        "repeat",
        [=] {
          return x.tensor.repeat({2, 3});
        },
        2 * kRows, 3 * kColumns, [](auto r, auto c) { return (r % kRows) * kColumns + c % kColumns; });
    row(
        "repeat_interleave", [=] { return x.tensor.repeat_interleave(3, 0); }, 3 * kRows, kColumns,
        [](auto r, auto c) { return r / 3 * kColumns + c; });
    row(
        "cat",
        [=] {
          return at::cat({x.tensor, x.tensor.flip({0})}, 1);
        },
        kRows, 2 * kColumns,
        [](auto r, auto c) { return c < kColumns ? r * kColumns + c : (kRows - 1 - r) * kColumns + c - kColumns; });
    row(
        "stack",
        [=] {
          return at::stack({x.tensor, x.tensor}, 1);
        },
        kRows, 2 * kColumns, [](auto r, auto c) { return r * kColumns + c % kColumns; });
    row(
        "pad with zeros",
        [=] {
          return at::constant_pad_nd(x.tensor, {2, 3});
        },
        kRows, kColumns + 5, [](auto r, auto c) { return c < 2 || c >= kColumns + 2 ? -1 : r * kColumns + c - 2; });
    row(
        "pad by reflection",
        [=] {
          return at::reflection_pad1d(x.tensor, {4, 4});
        },
        kRows, kColumns + 8,
        [](auto r, auto c) {
          const auto at = std::abs(c - 4);
          return r * kColumns + (at < kColumns ? at : 2 * (kColumns - 1) - at);
        });
    row(
        "unfold", [=] { return x.tensor.unfold(1, 16, 16); }, kRows, 256,
        [](auto r, auto c) { return r * kColumns + c; });
  }

  static void add_choices(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.integers({kRows, kColumns}, 1 << 20);
    const auto picks = operands.indices({kPicked}, kRows);
    const auto places = operands.indices({kRows, 31}, kColumns);
    const auto chosen_rows = [=] {
      return from(x.values, kPicked, kColumns, [&](auto r, auto c) { return at_row(picks, r) * kColumns + c; });
    };
    rows.push_back({"index_select", [=] { return x.tensor.index_select(0, picks.tensor); }, chosen_rows});
    rows.push_back({"index", [=] { return x.tensor.index({picks.tensor}); }, chosen_rows});
    rows.push_back({"embedding", [=] { return at::embedding(x.tensor, picks.tensor); }, chosen_rows});
    rows.push_back({"gather", [=] { return x.tensor.gather(1, places.tensor); },
                    [=] {
                      return from(x.values, kRows, 31,
                                  [&](auto r, auto c) { return r * kColumns + at_row(places, r * 31 + c); });
                    }});
    rows.push_back({"take", [=] { return x.tensor.take(places.tensor.mul(kRows)); },
                    [=] {
                      return from(x.values, kRows, 31,
                                  [&](auto r, auto c) { return at_row(places, r * 31 + c) * kRows; });
                    }});
    rows.push_back({"masked_select", [=] { return x.tensor.masked_select(x.tensor.gt(0)); },
                    [=] {
                      Values out;
                      std::copy_if(x.values.begin(), x.values.end(), std::back_inserter(out),
                                   [](double v) { return v > 0; });
                      return exactly(out);
                    }});
    rows.push_back({"masked_fill", [=] { return x.tensor.masked_fill(x.tensor.gt(0), 7); },
                    [=] {
                      Values out = x.values;
                      for (double& value : out) value = value > 0 ? 7 : value;
                      return exactly(out);
                    }});
    rows.push_back({"nonzero", [=] { return x.tensor.gt(0).nonzero(); },
                    [=] {
                      Values out;
                      for (std::size_t i = 0; i < x.values.size(); ++i) {
                        if (!(x.values[i] > 0)) continue;
                        out.push_back(static_cast<double>(i / kColumns));
                        out.push_back(static_cast<double>(i % kColumns));
                      }
                      return exactly(out);
                    }});
  }

  /// Many elements meet in one place: integers, so that their order does not matter.
  static void add_scatters(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.integers({kPicked, kColumns}, 100);
    const auto picks = operands.indices({kPicked}, kRows);
    const auto added = [=] {
      Values out(static_cast<std::size_t>(kRows * kColumns));
      for (std::int64_t i = 0; i < kPicked * kColumns; ++i) {
        out[static_cast<std::size_t>(at_row(picks, i / kColumns) * kColumns + i % kColumns)] +=
            x.values[static_cast<std::size_t>(i)];
      }
      return exactly(out);
    };
    const auto zeros = [=] { return at::empty({kRows, kColumns}, x.tensor.options()).zero_(); };
    rows.push_back({"index_add", [=] { return zeros().index_add(0, picks.tensor, x.tensor); }, added});
    rows.push_back(
        {"index_put with accumulate", [=] { return zeros().index_put({picks.tensor}, x.tensor, true); }, added});
    rows.push_back({"scatter_add",
                    [=] {
                      return zeros().scatter_add(0, picks.tensor.unsqueeze(1).expand({kPicked, kColumns}), x.tensor);
                    },
                    added});
    rows.push_back({"scatter",
                    [=] {
                      const auto order = at::empty({kRows}, picks.tensor.options()).fill_(1).cumsum(0).sub(1).flip({0});
                      return zeros().scatter(0, order.unsqueeze(1).expand({kRows, kColumns}), x.tensor);
                    },
                    [=] {
                      return from(x.values, kRows, kColumns,
                                  [](auto r, auto c) { return (kRows - 1 - r) * kColumns + c; });
                    }});
  }

  static void add_counts(Operands& operands, std::vector<Operator>& rows) {
    const auto picks = operands.indices({kPicked}, kRows);
    const auto counts = [=] {
      Values out(kRows);
      for (const double value : picks.values) ++out[static_cast<std::size_t>(value)];
      return out;
    };
    rows.push_back(
        {"bincount", [=] { return at::bincount(picks.tensor, {}, kRows); }, [=] { return exactly(counts()); }});
    rows.push_back({"histc", [=] { return picks.tensor.to(at::kFloat).histc(kRows, 0, kRows); },
                    [=] { return exactly(counts()); }});
    rows.push_back({"searchsorted",
                    [=] {
                      const auto edges = at::empty({kRows}, picks.tensor.options()).fill_(2).cumsum(0);  // 2, 4, 6, ...
                      return at::searchsorted(edges, picks.tensor);
                    },
                    [=] {
                      Values out;
                      for (const double value : picks.values) out.push_back(value <= 2 ? 0 : std::ceil(value / 2) - 1);
                      return exactly(out);
                    }});
    const auto image = operands.integers({2, 8, 9, 10}, 1 << 20);
    rows.push_back({"pixel_shuffle", [=] { return at::pixel_shuffle(image.tensor, 2); },
                    [=] {
                      Values out;
                      for (std::int64_t n = 0; n < 4; ++n) {  // 2 images of 2 channels
                        for (std::int64_t y = 0; y < 18; ++y) {
                          for (std::int64_t x = 0; x < 20; ++x) {
                            const auto channel = n * 4 + y % 2 * 2 + x % 2;
                            out.push_back(image.values[static_cast<std::size_t>((channel * 9 + y / 2) * 10 + x / 2)]);
                          }
                        }
                      }
                      return exactly(out);
                    }});
    rows.push_back({"im2col",
                    [=] {
                      return at::im2col(image.tensor, {3, 3}, {1, 1}, {0, 0}, {1, 1});
                    },
                    [=] {
                      Values out;
                      for (std::int64_t patch = 0; patch < 2 * 8 * 9; ++patch) {
                        for (std::int64_t place = 0; place < 7 * 8; ++place) {
                          const auto y = place / 8 + patch % 9 / 3, x = place % 8 + patch % 3;
                          out.push_back(image.values[static_cast<std::size_t>((patch / 9 * 9 + y) * 10 + x)]);
                        }
                      }
                      return exactly(out);
                    }});
  }
};

ENVFORGE_CHECK(Indexing);

}  // namespace
}  // namespace envforge::validator::checks::torch
