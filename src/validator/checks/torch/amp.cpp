// Proves: autocast to bf16 and fp16 computes where it should and rightly, and the scaler's operators skip each
//   step whose gradients overflow, halve the scale, and double it again.
// Control: one element of every output, gradient and weight, each type and the scale are changed.
// Suite: standard
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/zeros.h>

#include "numbers/loss_scaling.hpp"
#include "operators.hpp"
#include "parts.hpp"

namespace envforge::validator::checks::torch {
namespace {

constexpr std::int64_t kRows = 16, kWide = 24, kOut = 8;
constexpr int kSteps = 14;
constexpr double kRate = 1.0 / 1024;

/// As `with torch.autocast(...)`.
class Autocast {
 public:
  Autocast(const c10::Device& device, at::ScalarType type) : device_(device.type()) { set(true, type); }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast() {
    at::autocast::clear_cache();
    set(false, device_ == c10::kCUDA ? at::kHalf : at::kBFloat16);  // torch's defaults
  }

 private:
  void set(bool on, at::ScalarType type) const {
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 4
    at::autocast::set_autocast_dtype(device_, type);
    at::autocast::set_autocast_enabled(device_, on);
#else
    if (device_ == c10::kCUDA) {
      at::autocast::set_autocast_gpu_dtype(type);
      at::autocast::set_enabled(on);
    } else {
      at::autocast::set_autocast_cpu_dtype(type);
      at::autocast::set_cpu_enabled(on);
    }
#endif
  }

  c10::DeviceType device_;
};

/// Integers, so that the gradient of sum(T * (X W^T)) to W, which is T^T X, is known.
struct Task {
  Operands::Operand x, weight, t;
  Values gradient;

  explicit Task(Operands& operands)
      : x(operands.integers({kRows, kWide}, 8)),
        weight(operands.integers({kOut, kWide}, 8)),
        t(operands.integers({kRows, kOut}, 4)),
        gradient(numbers::gradient_of_weighed_product(t.values, x.values, kRows)) {}
  Values product() const {
    Values out;
    for (std::int64_t r = 0; r < kRows; ++r) {
      for (std::int64_t o = 0; o < kOut; ++o) {
        double sum = 0;
        for (std::int64_t w = 0; w < kWide; ++w) sum += at(x, r * kWide + w) * at(weight, o * kWide + w);
        out.push_back(sum);
      }
    }
    return out;
  }
  static double at(const Operands::Operand& operand, std::int64_t i) {
    return operand.values[static_cast<std::size_t>(i)];
  }
};

at::Tensor as_tensor(const Values& values, const std::vector<std::int64_t>& sizes) {
  return tensor_of(values, sizes, c10::Device(c10::kCPU));
}

class Amp : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Operands operands(context.request().seed, session.device());
    const Task task(operands);
    context.doing("autocast to bf16" + session.where());
    cast(task, session.device(), at::kBFloat16, 1.0 / 256);
    std::string left_out;
    try {
      context.doing("autocast to fp16" + session.where());
      cast(task, session.device(), at::kHalf, 1.0 / 2048);
      context.doing("training with a scaler" + session.where());
      train(task, session.device());
    } catch (const c10::Error&) {
      if (session.device().is_cuda()) throw;
      left_out = "; this torch has no fp16 or no scaler on the CPU";
    }
    result.summary = "autocast computes in 16 bits what it should, rightly" +
                     (skipped_ == 0 ? ""
                                    : ", and " + std::to_string(skipped_) + " of " + std::to_string(kSteps) +
                                          " steps were skipped for their overflow, as the scale asked") +
                     "," + session.where() + left_out;
    judge_parts(result, parts_, "one element of every output, gradient and weight, each type and the scale changed");
  }

  // `unit`: twice the most that rounding to the type changes a value, relatively; the sums themselves are exact.
  void cast(const Task& task, const c10::Device& device, at::ScalarType type, double unit) {
    const at::Tensor weight = task.weight.tensor.clone().requires_grad_(true);
    at::Tensor output, loss;
    {
      const Autocast autocast(device, type);
      output = at::linear(task.x.tensor, weight);
      loss = at::mse_loss(output, task.t.tensor);  // one that autocast keeps in fp32
    }
    const std::string name = c10::toString(type);
    add_type(name + " product", output, type);
    add_type(name + " loss", loss, at::kFloat);
    output.to(at::kFloat).mul(task.t.tensor).sum().backward();
    add_type(name + " gradient", weight.grad(), at::kFloat);
    add_values(name + " product", output.detach(), as_tensor(task.product(), {kRows, kOut}), unit);
    add_values(name + " gradient", weight.grad(), as_tensor(task.gradient, {kOut, kWide}), unit);
  }

  void add_type(const std::string& name, const at::Tensor& tensor, at::ScalarType type) {
    const auto held = std::make_shared<at::Tensor>(tensor.detach());
    const at::Tensor kept = *held;
    parts_.push_back({name + "'s type",
                      [held, type] {
                        harness::Comparison out;
                        out.compared = 1;
                        if (held->scalar_type() == type) return out;
                        out.wrong = 1;
                        out.first = std::string("it is ") + c10::toString(held->scalar_type()) + ", expected " +
                                    c10::toString(type);
                        return out;
                      },
                      [held] { *held = held->to(at::kDouble); }, [held, kept] { *held = kept; }});
  }

  void add_values(const std::string& name, const at::Tensor& found, const at::Tensor& expected, double unit) {
    const double bound = unit * std::max(1.0, expected.abs().max().item<double>());
    parts_.push_back(part_of(name, found, 4 * bound, [=] { return compare_with(found, expected, bound); }));
  }

  // What torch.amp.GradScaler does, by the operators that it calls.
  void train(const Task& task, const c10::Device& device) {
    const auto fp32 = at::TensorOptions().dtype(at::kFloat).device(device);
    const at::Tensor scale = at::full({1}, numbers::LossScaling().scale, fp32);
    at::Tensor tracker = at::zeros({1}, fp32.dtype(at::kInt));
    const at::Tensor weight = task.weight.tensor.clone().requires_grad_(true);
    for (int step = 0; step < kSteps; ++step) {
      at::Tensor output;
      {
        const Autocast autocast(device, at::kHalf);
        output = at::linear(task.x.tensor, weight);
      }
      output.to(at::kFloat).mul(task.t.tensor).sum().mul(scale).sum().backward();
      const at::NoGradGuard no_graph;
      at::Tensor found_inf = at::zeros({1}, fp32);
      const std::vector<at::Tensor> gradients = {weight.grad()};
      at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf, scale.reciprocal());
      if (found_inf.item<float>() == 0) {
        weight.sub_(gradients[0].mul(kRate));
      } else {
        ++skipped_;
      }
      at::Tensor changed = scale;
      at::_amp_update_scale_(changed, tracker, found_inf, 2.0, 0.5, numbers::LossScaling().growth_interval);
      weight.mutable_grad().reset();
    }
    expect(task, weight.detach(), scale, tracker);
  }

  // The same by hand: the gradient is the same in every step, so only the scale decides.
  void expect(const Task& task, const at::Tensor& weight, const at::Tensor& scale, const at::Tensor& tracker) {
    numbers::LossScaling truth;
    const double largest = std::max(numbers::largest_of(task.t.values), numbers::largest_of(task.gradient));
    for (int step = 0; step < kSteps; ++step) truth.step(largest);
    Values expected = task.weight.values;
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] -= truth.taken * kRate * task.gradient[i];
    add_exact("the weights after " + std::to_string(kSteps) + " steps", weight, expected, {kOut, kWide}, kRate);
    add_exact("the scale", scale, {truth.scale}, {1}, 1);
    add_exact("the steps since the scale changed", tracker, {static_cast<double>(truth.good)}, {1}, 1);
  }
  void add_exact(const std::string& name, const at::Tensor& found, const Values& values,
                 const std::vector<std::int64_t>& sizes, double fault) {
    const at::Tensor expected = as_tensor(values, sizes);
    parts_.push_back(part_of(name, found, fault, [=] { return compare_with(found, expected, 0); }));
  }

  std::vector<Part> parts_;
  int skipped_ = 0;
};

ENVFORGE_CHECK(Amp);

}  // namespace
}  // namespace envforge::validator::checks::torch
