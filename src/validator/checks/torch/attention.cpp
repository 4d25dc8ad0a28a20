// Proves: each attention backend that torch has here (math, flash, memory-efficient, cuDNN) is right, gradients too.
// Control: one element of the output and of each gradient changed by four times its bound, for every backend.
// Suite: standard
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/function.h>

#include <cmath>

#include "operators.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Tensors = std::vector<at::Tensor>;

struct Backend {
  const char* name;
  std::int64_t choice;  // torch's number of it
  const char* node;     // part of the name of the backward function that only this backend leaves behind; "" = math
};
constexpr Backend kBackends[] = {{"math", 0, ""},
                                 {"flash", 1, "FlashAttention"},
                                 {"memory-efficient", 2, "EfficientAttention"},
                                 {"cuDNN", 3, "CudnnAttention"}};

constexpr bool has_cudnn_attention() {
  return TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 4;
}

void allow_only(std::int64_t choice) {
  auto& context = at::globalContext();
  context.setSDPUseMath(choice == 0);
  context.setSDPUseFlash(choice == 1);
  context.setSDPUseMemEfficient(choice == 2);
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 4
  context.setSDPUseCuDNN(choice == 3);
#endif
}
void allow_all() {
  auto& context = at::globalContext();
  context.setSDPUseMath(true);
  context.setSDPUseFlash(true);
  context.setSDPUseMemEfficient(true);
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 4
  context.setSDPUseCuDNN(true);
#endif
}

/// Output and the gradients of query, key and value for the upstream gradient `upstream`.
Tensors with_gradients(const std::function<at::Tensor(const Tensors&)>& attention, const Tensors& inputs,
                       const at::Tensor& upstream, std::string& node) {
  Tensors leaves;
  for (const auto& input : inputs) leaves.push_back(input.detach().clone().requires_grad_(true));
  const at::Tensor out = attention(leaves);
  node = out.grad_fn() ? out.grad_fn()->name() : "";
  out.backward(upstream);
  return {out.detach(), leaves[0].grad(), leaves[1].grad(), leaves[2].grad()};
}

class Attention : public TorchCheck {
  void run(harness::Context& context, protocol::CheckResult& result) override {
    TorchCheck::run(context, result);
    allow_all();
  }

  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Operands operands(context.request().seed, session.device());
    const std::vector<std::int64_t> sizes = {2, 4, 128, 64};  // batch, heads, length, width
    // bf16 where there is a GPU: flash and cuDNN take nothing wider. The truth gets the same rounded inputs.
    const at::ScalarType type = session.device().is_cuda() ? at::kBFloat16 : at::kFloat;
    Tensors inputs, wide;
    for (int i = 0; i < 4; ++i) {
      inputs.push_back(operands.normal(sizes).tensor.to(type));
      wide.push_back(inputs.back().cpu().to(at::kDouble));
    }
    const at::Tensor upstream = inputs.back();
    inputs.pop_back();
    std::string node;
    const Tensors truth = with_gradients(in_double, {wide[0], wide[1], wide[2]}, wide[3], node);
    for (const Backend& backend : kBackends) try_one(context, backend, inputs, upstream, truth, type);
    if (outputs_.empty()) throw harness::Skip("no backend ran: " + absent_);
    const auto count = static_cast<double>(outputs_.size());
    const harness::Control control{
        "one element of each of the " + std::to_string(outputs_.size()) + " outputs and gradients changed by 4 bounds",
        count, [this] { plant(1); }, [this] { plant(-1); }};
    result.summary = "attention forward and backward in " + std::string(type == at::kFloat ? "fp32" : "bf16") + " by " +
                     ran_ + ", against double precision," + session.where() +
                     (absent_.empty() ? "" : "; not used: " + absent_);
    harness::judge(
        result, [this] { return compare(); }, control, protocol::Layer::kImage);
    protocol::Measurement worst;
    worst.name = "largest error";
    worst.value = largest_share_;
    worst.unit = "of the bound";
    worst.context = {{"backends", ran_}, {"absent", absent_}};
    result.measurements.push_back(worst);
  }

  /// softmax(Q K^T / sqrt(width)) V with nothing but products and a softmax in fp64.
  static at::Tensor in_double(const Tensors& in) {
    return at::matmul(at::softmax(at::matmul(in[0], in[1].transpose(-2, -1)).div(8), -1), in[2]);
  }

  void try_one(harness::Context& context, const Backend& backend, const Tensors& inputs, const at::Tensor& upstream,
               const Tensors& truth, at::ScalarType type) {
    const auto leave_out = [&](const std::string& why) {
      absent_ += (absent_.empty() ? "" : "; ") + std::string(backend.name) + ": " + why;
    };
    if (backend.choice == 3 && !has_cudnn_attention()) return leave_out("torch has it from 2.4 on");
    if (backend.choice >= 2 && !inputs[0].is_cuda()) return leave_out("needs a GPU");
    context.doing(std::string("scaled_dot_product_attention by ") + backend.name);
    allow_only(backend.choice);
    Tensors found;
    std::string node;
    try {
      found = with_gradients([](const Tensors& in) { return at::scaled_dot_product_attention(in[0], in[1], in[2]); },
                             inputs, upstream, node);
    } catch (const c10::Error& error) {
      const std::string text = error.what_without_backtrace();
      if (text.find("No available kernel") == std::string::npos &&
          text.find("No viable backend") == std::string::npos) {
        throw refusal("attention by " + std::string(backend.name) + ": ", text);
      }
      return leave_out("torch has no kernel of it for this GPU");
    }
    // What was really used is what the backward pass will run.
    const bool fused = node.find("Attention") != std::string::npos;
    if (*backend.node == 0 ? fused : node.find(backend.node) == std::string::npos) {
      return leave_out("torch ran " + node + " instead");
    }
    ran_ += (ran_.empty() ? "" : ", ") + std::string(backend.name) + (fused ? " (" + node + ")" : "");
    for (std::size_t i = 0; i < found.size(); ++i) {
      static constexpr const char* kNames[] = {"output", "gradient of the query", "gradient of the key",
                                               "gradient of the value"};
      outputs_.push_back({std::string(backend.name) + ", " + kNames[i], found[i].contiguous(), truth[i].contiguous(),
                          bound_of(truth[i], type)});
    }
  }

  // Weights and their gradients are rounded to the type between the two products: each of up to 128 terms of size 1 is
  // off by a unit of bf16 (2^-8), and they add like a random walk. Four times that, relative to the largest element.
  static double bound_of(const at::Tensor& truth, at::ScalarType type) {
    const double unit = type == at::kFloat ? 128 * kRounding : std::ldexp(1, -8);
    return 4 * unit * std::fmax(truth.abs().max().item<double>(), 0.25);
  }

  struct Output {
    std::string name;
    at::Tensor found, truth;
    double bound;
  };

  void plant(double sign) {
    for (auto& output : outputs_) {
      if (sign > 0) kept_.push_back(output.found.clone());
      if (sign > 0) element(output.found, output.found.numel() / 2).add_(4 * output.bound);
    }
    if (sign > 0) return;
    for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i].found.copy_(kept_[i]);
    kept_.clear();
  }

  harness::Comparison compare() {
    harness::Comparison out;
    for (const auto& output : outputs_) {
      const at::Tensor difference = output.found.cpu().to(at::kDouble).sub(output.truth).abs();
      const double worst = difference.max().item<double>();
      out.compared += static_cast<std::uint64_t>(difference.numel());
      if (worst <= output.bound) {  // false for NaN as well
        if (kept_.empty()) largest_share_ = std::fmax(largest_share_, worst / output.bound);
        continue;
      }
      out.worst += 1;
      if (out.wrong++ == 0) {
        out.first = output.name + " is off by " + std::to_string(worst) + ", allowed " + std::to_string(output.bound);
      }
    }
    return out;
  }

  std::vector<Output> outputs_;
  Tensors kept_;
  std::string ran_, absent_;
  double largest_share_ = 0;
};

ENVFORGE_CHECK(Attention);

}  // namespace
}  // namespace envforge::validator::checks::torch
