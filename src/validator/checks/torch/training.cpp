// Proves: forty steps of training a small network in fp32 end at the weights and the loss that the seed determines.
// Control: one weight after the last step is changed by four times its bound.
// Suite: standard
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>

#include <cmath>

#include "operators.hpp"

namespace envforge::validator::checks::torch {
namespace {

constexpr std::size_t kBatch = 32, kIn = 16, kHidden = 24, kOut = 4;
constexpr int kSteps = 40;
constexpr double kRate = 0.05, kMomentum = 0.9;
// Each step adds a few roundings of sums of 32 terms of size 1 to weights of size 1, and momentum keeps ten steps of
// them: 40 x 10 x 32 x 2^-24 = 8e-4 at the very most. What was seen on the CPU is below 2e-6.
constexpr double kBound = 1e-4;

/// Two layers with tanh, mean squared error, gradient descent with momentum: in double precision, without torch.
class Reference {
 public:
  Reference(Values x, Values y, Values first, Values second)
      : x_(std::move(x)), y_(std::move(y)), weights_{std::move(first), std::move(second)} {
    for (std::size_t i = 0; i < 2; ++i) speed_[i].resize(weights_[i].size());
  }

  const Values& weights(std::size_t layer) const { return weights_[layer]; }

  double loss() {
    forward();
    double sum = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) sum += (out_[i] - y_[i]) * (out_[i] - y_[i]);
    return sum / static_cast<double>(out_.size());
  }

  void step() {
    forward();
    Values gradient[2] = {Values(weights_[0].size()), Values(weights_[1].size())};
    for (std::size_t n = 0; n < kBatch; ++n) {
      Values back(kHidden);
      for (std::size_t o = 0; o < kOut; ++o) {
        const double error = 2 * (out_[n * kOut + o] - y_[n * kOut + o]) / static_cast<double>(out_.size());
        for (std::size_t h = 0; h < kHidden; ++h) {
          gradient[1][o * kHidden + h] += error * hidden_[n * kHidden + h];
          back[h] += error * weights_[1][o * kHidden + h];
        }
      }
      for (std::size_t h = 0; h < kHidden; ++h) {
        const double through = back[h] * (1 - hidden_[n * kHidden + h] * hidden_[n * kHidden + h]);
        for (std::size_t i = 0; i < kIn; ++i) gradient[0][h * kIn + i] += through * x_[n * kIn + i];
      }
    }
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (std::size_t i = 0; i < weights_[layer].size(); ++i) {
        speed_[layer][i] = kMomentum * speed_[layer][i] + gradient[layer][i];
        weights_[layer][i] -= kRate * speed_[layer][i];
      }
    }
  }

 private:
  void forward() {
    hidden_.assign(kBatch * kHidden, 0);
    out_.assign(kBatch * kOut, 0);
    for (std::size_t n = 0; n < kBatch; ++n) {
      for (std::size_t h = 0; h < kHidden; ++h) {
        double sum = 0;
        for (std::size_t i = 0; i < kIn; ++i) sum += x_[n * kIn + i] * weights_[0][h * kIn + i];
        hidden_[n * kHidden + h] = std::tanh(sum);
      }
      for (std::size_t o = 0; o < kOut; ++o) {
        for (std::size_t h = 0; h < kHidden; ++h) {
          out_[n * kOut + o] += hidden_[n * kHidden + h] * weights_[1][o * kHidden + h];
        }
      }
    }
  }

  Values x_, y_, hidden_, out_;
  Values weights_[2], speed_[2];
};

class Training : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Operands operands(context.request().seed, session.device());
    const auto small = [&](const std::vector<std::int64_t>& sizes) {
      return operands.mapped(operands.normal(sizes), [](double v) { return v / 4; });
    };
    const auto x = operands.normal({kBatch, kIn}), y = operands.normal({kBatch, kOut});
    const auto first = small({kHidden, kIn}), second = small({kOut, kHidden});
    Reference reference(x.values, y.values, first.values, second.values);
    const double before = reference.loss();
    for (int i = 0; i < kSteps; ++i) reference.step();

    context.doing("training" + session.where());
    std::vector<at::Tensor> weights = {first.tensor.clone().requires_grad_(true),
                                       second.tensor.clone().requires_grad_(true)};
    std::vector<at::Tensor> speed = {first.tensor.mul(0), second.tensor.mul(0)};
    at::Tensor loss;
    for (int i = 0; i <= kSteps; ++i) {
      loss = at::linear(at::linear(x.tensor, weights[0]).tanh(), weights[1]).sub(y.tensor).square().mean();
      if (i == kSteps) break;
      loss.backward();
      const at::NoGradGuard no_graph;
      for (std::size_t layer = 0; layer < 2; ++layer) {
        speed[layer].mul_(kMomentum).add_(weights[layer].grad());
        weights[layer].sub_(speed[layer].mul(kRate));
        weights[layer].mutable_grad().reset();
      }
    }
    const at::NoGradGuard no_graph;
    const auto truth = [&] {
      auto all = within(reference.weights(0), 0, kBound);
      const auto rest = within(reference.weights(1), 0, kBound);
      all.insert(all.end(), rest.begin(), rest.end());
      return all;
    };
    const auto end = static_cast<double>(loss.item<float>());
    char text[96];
    std::snprintf(text, sizeof text, "the loss fell from %.4f to %.4f", before, end);
    const at::Tensor found[2] = {weights[0].detach(), weights[1].detach()};
    const harness::Control control{"one weight changed by four times its bound", 3 * kBound,
                                   [&] { element(found[0], 7).add_(4 * kBound); },
                                   [&] { element(found[0], 7).sub_(4 * kBound); }};
    result.summary = std::to_string(kSteps) + " steps of training: " + text +
                     ", every weight within 1e-4 of the truth," + session.where();
    harness::judge(
        result, [&] { return compare(found, truth(), end, reference.loss(), before); }, control,
        protocol::Layer::kImage);
  }

  static harness::Comparison compare(const at::Tensor* found, const Truths& truth, double end, double expected,
                                     double before) {
    const std::vector<at::Tensor> parts = {found[0].cpu().reshape({-1}), found[1].cpu().reshape({-1})};
    Truths first(truth.begin(), truth.begin() + parts[0].numel()),
        second(truth.begin() + parts[0].numel(), truth.end());
    harness::Comparison out = compare_all(parts[0], first);
    const harness::Comparison rest = compare_all(parts[1], second);
    out.compared += rest.compared + 1;
    out.wrong += rest.wrong;
    out.worst = std::fmax(out.worst, rest.worst);
    if (out.first.empty()) out.first = rest.first;
    if (!(std::fabs(end - expected) <= kBound) || !(end < before)) {
      if (out.wrong++ == 0) {
        out.first = "the loss ended at " + std::to_string(end) + ", expected " + std::to_string(expected);
      }
    }
    return out;
  }
};

ENVFORGE_CHECK(Training);

}  // namespace
}  // namespace envforge::validator::checks::torch
