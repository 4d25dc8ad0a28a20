// Proves: the gradient of each of five dozen operators in fp64, for every input, agrees with central differences.
// Control: one element of each gradient is changed by 1e-5 of its size.
// Suite: standard
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/huber_loss.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/where.h>

#include "operators.hpp"
#include "parts.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Tensors = std::vector<at::Tensor>;

// Central differences of step h err by h^2 f'''/6 and by rounding 2^-52 |f| / h: together about 1e-9 for outputs whose
// weighted sum is below 50, as all of these are.
constexpr double kStep = 1e-5;
constexpr double kBound = 1e-7;
constexpr double kFault = 1e-5;

struct Row {
  const char* name;
  Tensors inputs;
  std::function<at::Tensor(const Tensors&)> compute;
};

/// Small inputs in fp64, a quarter of a bell-shaped number each, and the rows made of them.
class Inputs {
 public:
  explicit Inputs(Operands& operands) : operands_(&operands) {}
  at::Tensor any(const std::vector<std::int64_t>& sizes) {
    return operands_->normal(sizes).tensor.to(at::kDouble).mul(0.25);
  }
  /// Above 0.5, for logarithms, roots and divisors.
  at::Tensor positive(const std::vector<std::int64_t>& sizes) { return any(sizes).abs().add(0.5); }
  /// All apart by at least 0.01: no difference of 2e-5 changes which is the largest, or the sign.
  at::Tensor apart(const std::vector<std::int64_t>& sizes) {
    const at::Tensor order = any(sizes).reshape({-1}).argsort().argsort().to(at::kDouble);
    return order.mul(0.02).sub(0.01 * static_cast<double>(order.numel()) - 0.01).reshape(sizes);
  }
  at::Tensor indices(const std::vector<std::int64_t>& sizes, std::int64_t end) {
    return operands_->indices(sizes, end).tensor;
  }

 private:
  Operands* operands_;
};

void add_elementwise(Inputs& in, std::vector<Row>& rows) {
  const auto one = [&](const char* name, at::Tensor (at::Tensor::*function)() const, const at::Tensor& x) {
    rows.push_back({name, {x}, [function](const Tensors& t) { return (t[0].*function)(); }});
  };
  const at::Tensor x = in.any({12}), y = in.positive({12});
  one("exp", &at::Tensor::exp, x);
  one("log", &at::Tensor::log, y);
  one("sqrt", &at::Tensor::sqrt, y);
  one("rsqrt", &at::Tensor::rsqrt, y);
  one("sin", &at::Tensor::sin, x);
  one("tanh", &at::Tensor::tanh, x);
  one("sigmoid", &at::Tensor::sigmoid, x);
  one("erf", &at::Tensor::erf, x);
  one("atan", &at::Tensor::atan, x);
  one("relu", &at::Tensor::relu, in.apart({12}));
  one("abs", &at::Tensor::abs, in.apart({12}));
  rows.push_back({"gelu", {x}, [](const Tensors& t) { return at::gelu(t[0]); }});
  rows.push_back({"silu", {x}, [](const Tensors& t) { return at::silu(t[0]); }});
  rows.push_back({"softplus", {x}, [](const Tensors& t) { return at::softplus(t[0]); }});
  rows.push_back({"elu", {in.apart({12})}, [](const Tensors& t) { return at::elu(t[0]); }});
  const at::Tensor wide = in.any({3, 4}), row = in.positive({4});
  rows.push_back({"mul, broadcast", {wide, row}, [](const Tensors& t) { return t[0].mul(t[1]); }});
  rows.push_back({"div, broadcast", {wide, row}, [](const Tensors& t) { return t[0].div(t[1]); }});
  rows.push_back({"pow", {y, x}, [](const Tensors& t) { return t[0].pow(t[1]); }});
  rows.push_back({"where", {wide, row}, [mask = wide.gt(0)](const Tensors& t) { return at::where(mask, t[0], t[1]); }});
}

void add_shapes(Inputs& in, std::vector<Row>& rows) {
  const at::Tensor x = in.any({3, 4}), y = in.any({3, 4});
  const at::Tensor index = in.indices({5}, 3);
  rows.push_back({"cat", {x, y}, [](const Tensors& t) { return at::cat({t[0], t[1]}, 1); }});
  rows.push_back({"stack of a transposed", {x, y}, [](const Tensors& t) {
                    return at::stack({t[0].t(), t[1].t().contiguous()});
                  }});
  rows.push_back({"index_select", {x}, [index](const Tensors& t) { return t[0].index_select(0, index); }});
  rows.push_back({"gather", {x}, [index = in.indices({3, 2}, 4)](const Tensors& t) { return t[0].gather(1, index); }});
  rows.push_back(
      {"index_add", {x, in.any({5, 4})}, [index](const Tensors& t) { return t[0].index_add(0, index, t[1]); }});
  rows.push_back({"embedding", {x}, [index](const Tensors& t) { return at::embedding(t[0], index); }});
  rows.push_back({"pad", {x}, [](const Tensors& t) { return at::pad(t[0], {1, 2}); }});
  rows.push_back({"cumsum", {x}, [](const Tensors& t) { return t[0].cumsum(1); }});
  rows.push_back({"prod", {in.positive({3, 4})}, [](const Tensors& t) { return t[0].prod(1); }});
  rows.push_back({"norm", {x}, [](const Tensors& t) { return t[0].norm(2, {1}); }});
  rows.push_back({"var", {x}, [](const Tensors& t) { return t[0].var(1); }});
  rows.push_back({"amax", {in.apart({3, 4})}, [](const Tensors& t) { return t[0].amax(1); }});
  rows.push_back({"logsumexp", {x}, [](const Tensors& t) { return t[0].logsumexp(1); }});
  rows.push_back({"softmax", {x}, [](const Tensors& t) { return t[0].softmax(1); }});
  rows.push_back({"log_softmax", {x}, [](const Tensors& t) { return at::log_softmax(t[0], 1); }});
}

void add_products(Inputs& in, std::vector<Row>& rows) {
  rows.push_back({"matmul", {in.any({3, 4}), in.any({4, 2})}, [](const Tensors& t) { return t[0].matmul(t[1]); }});
  rows.push_back({"bmm", {in.any({2, 3, 4}), in.any({2, 4, 2})}, [](const Tensors& t) { return t[0].bmm(t[1]); }});
  rows.push_back({"addmm", {in.any({2}), in.any({3, 4}), in.any({4, 2})}, [](const Tensors& t) {
                    return t[0].addmm(t[1], t[2]);
                  }});
  rows.push_back({"linear", {in.any({3, 4}), in.any({2, 4}), in.any({2})}, [](const Tensors& t) {
                    return at::linear(t[0], t[1], t[2]);
                  }});
  rows.push_back({"einsum", {in.any({2, 3, 4}), in.any({2, 4, 3})}, [](const Tensors& t) {
                    return at::einsum("bij,bjk->ik", {t[0], t[1]});
                  }});
  rows.push_back(
      {"cdist", {in.any({3, 4}), in.any({2, 4}).add(2)}, [](const Tensors& t) { return at::cdist(t[0], t[1]); }});
  rows.push_back({"attention",
                  {in.any({1, 2, 3, 4}), in.any({1, 2, 3, 4}), in.any({1, 2, 3, 4})},
                  [](const Tensors& t) { return at::scaled_dot_product_attention(t[0], t[1], t[2]); }});
  const at::Tensor eye = in.any({3, 3}).mul(0.25).add(at::eye(3, in.any({1}).options()));
  rows.push_back({"solve", {eye, in.any({3, 2})}, [](const Tensors& t) { return at::linalg_solve(t[0], t[1]); }});
  rows.push_back({"inverse", {eye}, [](const Tensors& t) { return t[0].inverse(); }});
}

void add_layers(Inputs& in, std::vector<Row>& rows) {
  const at::Tensor image = in.any({2, 2, 4, 4});
  rows.push_back({"conv1d", {in.any({2, 3, 6}), in.any({2, 3, 3}), in.any({2})}, [](const Tensors& t) {
                    return at::conv1d(t[0], t[1], t[2]);
                  }});
  rows.push_back({"conv2d with stride and padding", {image, in.any({3, 2, 3, 3}), in.any({3})}, [](const Tensors& t) {
                    return at::conv2d(t[0], t[1], t[2], {2, 2}, {1, 1});
                  }});
  rows.push_back({"conv2d grouped", {image, in.any({4, 1, 2, 2}), in.any({4})}, [](const Tensors& t) {
                    return at::conv2d(t[0], t[1], t[2], {1, 1}, at::IntArrayRef({0, 0}), {1, 1}, 2);
                  }});
  rows.push_back({"conv3d", {in.any({1, 2, 3, 3, 3}), in.any({2, 2, 2, 2, 2}), in.any({2})}, [](const Tensors& t) {
                    return at::conv3d(t[0], t[1], t[2]);
                  }});
  rows.push_back({"conv_transpose2d", {image, in.any({2, 3, 2, 2}), in.any({3})}, [](const Tensors& t) {
                    return at::conv_transpose2d(t[0], t[1], t[2], {2, 2});
                  }});
  rows.push_back({"max_pool2d", {in.apart({1, 2, 4, 4})}, [](const Tensors& t) {
                    return at::max_pool2d(t[0], {2, 2});
                  }});
  rows.push_back({"avg_pool2d", {image}, [](const Tensors& t) { return at::avg_pool2d(t[0], {2, 2}); }});
  rows.push_back({"upsample_bilinear2d", {image}, [](const Tensors& t) {
                    return at::upsample_bilinear2d(t[0], {6, 6}, false);
                  }});
  rows.push_back({"upsample_nearest2d", {image}, [](const Tensors& t) {
                    return at::upsample_nearest2d(t[0], {8, 8});
                  }});
  rows.push_back({"layer_norm", {in.any({3, 6}), in.any({6}), in.any({6})}, [](const Tensors& t) {
                    return at::layer_norm(t[0], {6}, t[1], t[2]);
                  }});
  rows.push_back({"group_norm", {in.any({2, 4, 3}), in.any({4}), in.any({4})}, [](const Tensors& t) {
                    return at::group_norm(t[0], 2, t[1], t[2]);
                  }});
  rows.push_back({"batch_norm in training", {in.any({4, 3, 2}), in.any({3}), in.any({3})}, [](const Tensors& t) {
                    return at::batch_norm(t[0], t[1], t[2], {}, {}, true, 0.1, 1e-5, true);
                  }});
}

void add_losses(Inputs& in, std::vector<Row>& rows) {
  const at::Tensor x = in.any({4, 3}), y = in.any({4, 3});
  const at::Tensor classes = in.indices({4}, 3);
  rows.push_back({"mse_loss", {x, y}, [](const Tensors& t) { return at::mse_loss(t[0], t[1]); }});
  rows.push_back({"huber_loss", {x, y}, [](const Tensors& t) { return at::huber_loss(t[0], t[1]); }});
  rows.push_back(
      {"cross_entropy_loss", {x}, [classes](const Tensors& t) { return at::cross_entropy_loss(t[0], classes); }});
  rows.push_back({"binary_cross_entropy_with_logits", {x}, [target = y.sigmoid()](const Tensors& t) {
                    return at::binary_cross_entropy_with_logits(t[0], target);
                  }});
  rows.push_back({"kl_div", {x}, [target = y.softmax(1)](const Tensors& t) {
                    return at::kl_div(at::log_softmax(t[0], 1), target);
                  }});
}

/// Thousands of tiny operators: handing each to a pool of threads costs more than it.
class OneThread {
 public:
  OneThread() { at::set_num_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

class Gradcheck : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    const OneThread one_thread;
    Operands operands(context.request().seed, session.device());
    Inputs inputs(operands);
    std::vector<Row> rows;
    add_elementwise(inputs, rows);
    add_shapes(inputs, rows);
    add_products(inputs, rows);
    add_layers(inputs, rows);
    add_losses(inputs, rows);
    std::uint64_t gradients = 0;
    for (const Row& row : rows) {
      context.doing(row.name + session.where());
      gradients += add(row, operands);
    }
    result.summary = std::to_string(gradients) + " gradients of " + std::to_string(rows.size() - left_out_) +
                     " operators in fp64, each within 1e-7 of central differences," + session.where();
    judge_parts(result, parts_, "one element of each gradient changed by 1e-5 of its size");
  }

  std::uint64_t add(const Row& row, Operands& operands) {
    at::Tensor weights;
    // The sum of the output with weights that differ, so that no two errors cancel.
    const auto weighed = [&](const Tensors& inputs) {
      const at::Tensor out = row.compute(inputs);
      if (!weights.defined()) weights = operands.normal(out.sizes().vec()).tensor.to(at::kDouble);
      return out.mul(weights).sum();
    };
    Tensors leaves;
    for (const auto& input : row.inputs) leaves.push_back(input.detach().clone().requires_grad_(true));
    try {
      weighed(leaves).backward();
    } catch (const c10::Error& error) {
      const std::string text = error.what_without_backtrace();
      if (text.find("ompiled with") != std::string::npos) return ++left_out_, 0;  // without LAPACK or MAGMA
      throw refusal(std::string(row.name) + ": torch refused: ", text);
    }
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const at::Tensor gradient = leaves[i].grad().contiguous();
      const at::Tensor expected = differences(row.inputs, i, weighed);
      const double size = std::max(1.0, expected.abs().max().item<double>());
      parts_.push_back(part_of(std::string(row.name) + ", input " + std::to_string(i), gradient, kFault * size,
                               [=] { return compare_with(gradient, expected, kBound * size); }));
      count += static_cast<std::uint64_t>(gradient.numel());
    }
    return count;
  }

  static at::Tensor differences(const Tensors& inputs, std::size_t which,
                                const std::function<at::Tensor(const Tensors&)>& weighed) {
    const at::NoGradGuard no_graph;
    Tensors moved = inputs;
    moved[which] = inputs[which].clone(at::MemoryFormat::Contiguous);
    at::Tensor out = at::empty(inputs[which].sizes(), at::TensorOptions().dtype(at::kDouble));
    for (std::int64_t i = 0; i < out.numel(); ++i) {
      at::Tensor one = element(moved[which], i);
      const at::Tensor kept = one.clone();
      one.add_(kStep);
      const at::Tensor above = weighed(moved);
      one.copy_(kept).sub_(kStep);
      const at::Tensor below = weighed(moved);
      one.copy_(kept);
      out.data_ptr<double>()[i] = above.sub(below).item<double>() / (2 * kStep);
    }
    return out;
  }

  std::vector<Part> parts_;
  std::size_t left_out_ = 0;
};

ENVFORGE_CHECK(Gradcheck);

}  // namespace
}  // namespace envforge::validator::checks::torch
