// Proves: layers of torch on channels-last data give what they give on contiguous data, gradients too, and keep the
//   memory format.
// Control: one element of each output and gradient is changed by its fault; the format of a contiguous copy is told.
// Suite: standard
#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "operators.hpp"
#include "parts.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Layer = std::function<at::Tensor(const at::Tensor&)>;

struct Row {
  const char* name;
  at::Tensor input;  // contiguous
  Layer layer;
  double bound = 0;  // of an element between the two formats
};

/// Integers, so that sums below 2^24 are the same in any order.
std::vector<Row> rows_of(Operands& operands) {
  const auto x = operands.integers({4, 8, 10, 12}, 6).tensor;
  const auto weight = operands.integers({16, 8, 3, 3}, 4).tensor;
  const auto channels = operands.integers({8}, 3).tensor;
  const auto variance = channels.abs().add(1);
  std::vector<Row> rows;
  rows.push_back({"conv2d", x, [=](const at::Tensor& t) {
                    return at::conv2d(t, weight.contiguous(t.suggest_memory_format()), {}, {1, 1}, {1, 1});
                  }});
  rows.push_back({"conv2d with stride", x, [=](const at::Tensor& t) {
                    return at::conv2d(t, weight.contiguous(t.suggest_memory_format()), {}, {2, 2}, {1, 1});
                  }});
  rows.push_back({"max_pool2d", x, [](const at::Tensor& t) { return at::max_pool2d(t, {2, 2}); }});
  // Quarters of integers are exact.
  rows.push_back({"avg_pool2d", x, [](const at::Tensor& t) { return at::avg_pool2d(t, {2, 2}); }});
  rows.push_back({"upsample_nearest2d", x, [](const at::Tensor& t) { return at::upsample_nearest2d(t, {20, 24}); }});
  rows.push_back({"relu", x, [](const at::Tensor& t) { return t.relu(); }});
  rows.push_back({"add", x, [](const at::Tensor& t) { return at::add(t, t.mul(2)); }});
  rows.push_back({"cat", x, [](const at::Tensor& t) { return at::cat({t, t.neg()}, 1); }});
  // A quotient and a product of values below 16, each rounded: 4 units of the largest.
  rows.push_back({"batch_norm in evaluation", x,
                  [=](const at::Tensor& t) {
                    return at::batch_norm(t, channels, channels, channels, variance, false, 0.1, 1e-5, true);
                  },
                  4 * 2 * kRounding * 32});
  // Sums of 480 integers below 6 and of their squares are exact; what follows is rounded a few times.
  rows.push_back(
      {"batch_norm in training", x,
       [=](const at::Tensor& t) { return at::batch_norm(t, channels, channels, {}, {}, true, 0.1, 1e-5, true); },
       64 * 2 * kRounding * 16});
  return rows;
}

class ChannelsLast : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Operands operands(context.request().seed, session.device());
    const auto rows = rows_of(operands);
    for (const Row& row : rows) {
      context.doing(row.name + (" in both formats" + session.where()));
      add(row, operands);
    }
    result.summary = std::to_string(rows.size()) +
                     " layers give the same on channels-last data as on contiguous data, gradients too, and keep the "
                     "format," +
                     session.where();
    judge_parts(result, parts_, "one element of each output and gradient changed, and each output's format");
  }

  struct Pass {
    at::Tensor output, gradient;
  };
  static Pass pass(const Row& row, at::MemoryFormat format, const at::Tensor& upstream) {
    const at::Tensor leaf = row.input.contiguous(format).detach().requires_grad_(true);
    const at::Tensor output = row.layer(leaf);
    // The upstream gradient has the output's format, as it has in a network.
    output.backward(upstream.contiguous(output.suggest_memory_format()));
    return {output.detach(), leaf.grad()};
  }

  void add(const Row& row, Operands& operands) {
    at::Tensor like;
    {
      const at::NoGradGuard no_graph;
      like = row.layer(row.input);
    }
    const at::Tensor upstream = operands.integers(like.sizes().vec(), 2).tensor;
    const Pass plain = pass(row, at::MemoryFormat::Contiguous, upstream);
    const Pass last = pass(row, at::MemoryFormat::ChannelsLast, upstream);
    add_part(row.name, last.output, plain.output, row.bound);
    // A gradient is a sum of as many terms as the layer has outputs for an input; the bound grows with batch_norm's
    // only.
    add_part(row.name + std::string(", gradient"), last.gradient, plain.gradient, row.bound * 8);
  }

  void add_part(const std::string& name, const at::Tensor& found, const at::Tensor& expected, double bound) {
    parts_.push_back(
        part_of(name, found, std::max(1.0, 4 * bound), [=] { return compare_with(found, expected, bound); }));
    const auto held = std::make_shared<at::Tensor>(found);
    parts_.push_back({name + ", format",
                      [held] {
                        harness::Comparison out;
                        out.compared = 1;
                        if (held->is_contiguous(at::MemoryFormat::ChannelsLast)) return out;
                        out.wrong = 1;
                        out.first = "it is not channels-last any more";
                        return out;
                      },
                      [held] { *held = held->contiguous(); }, [held, found] { *held = found; }});
  }

  std::vector<Part> parts_;
};

ENVFORGE_CHECK(ChannelsLast);

}  // namespace
}  // namespace envforge::validator::checks::torch
