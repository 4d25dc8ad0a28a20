// Proves: every gradient of a small convolutional network in fp64 agrees with central differences of its own forward
//   pass.
// Control: one gradient is changed by 1e-5.
// Suite: quick
#include <ATen/core/grad_mode.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>

#include <cmath>

#include "session.hpp"
#include "tensors.hpp"

namespace envforge::validator::checks::torch {
namespace {

// Central differences of step h err by h^2 f'''/6 and by rounding 2^-52 |f| / h: about 1e-10 here. The network's
// gradients are of size 0.01 to 1.
constexpr double kStep = 1e-5;
constexpr double kBound = 1e-7;
constexpr double kFault = 1e-5;

/// Convolution, tanh, pooling, a linear layer, log-softmax, mean of one class's loss: smooth, so that differences hold.
class Network {
 public:
  Network(std::uint64_t seed, const c10::Device& device)
      : input_(make({8, 3, 12, 12}, 5, seed, device)),
        parameters_({make({4, 3, 3, 3}, 6, seed, device), make({4}, 7, seed, device), make({5, 16}, 8, seed, device),
                     make({5}, 9, seed, device)}) {}

  std::vector<at::Tensor>& parameters() { return parameters_; }

  at::Tensor loss() const {
    const at::Tensor hidden = at::conv2d(input_, parameters_[0], parameters_[1]).tanh();
    const at::Tensor pooled = at::adaptive_avg_pool2d(hidden, {2, 2}).flatten(1);
    return at::log_softmax(at::linear(pooled, parameters_[2], parameters_[3]), 1).select(1, 2).mean().neg();
  }

 private:
  static at::Tensor make(const std::vector<std::int64_t>& sizes, std::uint64_t stream, std::uint64_t seed,
                         const c10::Device& device) {
    std::int64_t count = 1;
    for (const std::int64_t size : sizes) count *= size;
    return tensor_of(operand_values(count, {stream, "fp32", 0}, seed), sizes, device).to(at::kDouble).mul_(0.5);
  }

  at::Tensor input_;
  std::vector<at::Tensor> parameters_;
};

/// The gradient by central differences, parameter by parameter, on the same device.
std::vector<double> differences(Network& network) {
  const at::NoGradGuard no_graph;
  std::vector<double> out;
  for (at::Tensor& parameter : network.parameters()) {
    for (std::int64_t i = 0; i < parameter.numel(); ++i) {
      at::Tensor one = element(parameter, i);
      one.add_(kStep);
      const double above = network.loss().item<double>();
      one.sub_(2 * kStep);
      const double below = network.loss().item<double>();
      one.add_(kStep);
      out.push_back((above - below) / (2 * kStep));
    }
  }
  return out;
}

harness::Comparison compare(const std::vector<at::Tensor>& gradients, const std::vector<double>& expected) {
  harness::Comparison out;
  std::size_t index = 0;
  for (const at::Tensor& gradient : gradients) {
    const at::Tensor host = gradient.cpu().contiguous();
    for (std::int64_t i = 0; i < host.numel() && index < expected.size(); ++i, ++index) {
      const double difference = std::fabs(host.data_ptr<double>()[i] - expected[index]);
      if (!(difference <= out.worst)) out.worst = difference;
      ++out.compared;
      if (difference <= kBound) continue;
      if (out.wrong++ == 0) {
        out.first = "gradient " + std::to_string(index) + " is " + std::to_string(host.data_ptr<double>()[i]) +
                    ", by differences " + std::to_string(expected[index]);
      }
    }
  }
  return out;
}

class Autograd : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Network network(context.request().seed, session.device());
    const auto expected = differences(network);
    for (at::Tensor& parameter : network.parameters()) parameter.requires_grad_(true);
    context.doing("backward" + session.where());
    network.loss().backward();
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : network.parameters()) gradients.push_back(parameter.grad());

    const harness::Control control{"one gradient changed by 1e-5", kFault,
                                   [&] { element(gradients[2], 7).add_(kFault); },
                                   [&] { element(gradients[2], 7).sub_(kFault); }};
    result.summary = std::to_string(expected.size()) +
                     " gradients of a convolutional network in fp64, each within 1e-7 of central differences," +
                     session.where();
    judge(
        result, [&] { return compare(gradients, expected); }, control, protocol::Layer::kImage);
  }
};

ENVFORGE_CHECK(Autograd);

}  // namespace
}  // namespace envforge::validator::checks::torch
