// Tensors from the driver's seed, and their elements back on the host.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "numbers/problem.hpp"

namespace envforge::validator::checks::torch {

/// The values of an fp32 operand in memory order, from (seed, operand): what the driver makes too.
inline std::vector<double> operand_values(std::int64_t count, const protocol::Operand& operand, std::uint64_t seed) {
  std::vector<double> out(static_cast<std::size_t>(count));
  const auto base = numbers::stream_base(seed, operand.stream);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = numbers::element_value(base, i, operand.amplitude, numbers::Type::kFp32);
  }
  return out;
}

/// A contiguous fp32 tensor of these values on `device`.
inline at::Tensor tensor_of(const std::vector<double>& values, const std::vector<std::int64_t>& sizes,
                            const c10::Device& device) {
  at::Tensor host = at::empty(sizes, at::TensorOptions().dtype(at::kFloat));
  for (std::size_t i = 0; i < values.size(); ++i) host.data_ptr<float>()[i] = static_cast<float>(values[i]);
  return host.to(device);
}

/// Compares every element of a contiguous fp32 output with the truth, which knows nothing of torch.
inline harness::Comparison compare_all(const at::Tensor& output, const std::vector<numbers::Truth>& truth) {
  const at::Tensor host = output.cpu().contiguous();
  const float* values = host.data_ptr<float>();
  harness::Comparison out;
  out.compared = static_cast<std::uint64_t>(host.numel());
  if (out.compared != truth.size()) {
    out.wrong = truth.size();
    out.first =
        "the output has " + std::to_string(out.compared) + " elements, expected " + std::to_string(truth.size());
    return out;
  }
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(values[i]) - truth[i].value);
    if (!(difference <= out.worst)) out.worst = difference;  // also for NaN
    if (difference <= truth[i].bound) continue;
    if (out.wrong++ == 0) {
      out.first = "element " + std::to_string(i) + " is " + std::to_string(values[i]) + ", expected " +
                  std::to_string(truth[i].value) + " within " + std::to_string(truth[i].bound);
    }
  }
  return out;
}

/// The raw bits that the driver asks for.
inline std::vector<std::uint64_t> bits_of(const at::Tensor& output, const std::vector<std::uint64_t>& indices) {
  const at::Tensor host = output.cpu().contiguous();
  std::vector<std::uint64_t> bits;
  for (const std::uint64_t index : indices) {
    const bool inside = index < static_cast<std::uint64_t>(host.numel());
    bits.push_back(inside ? numbers::load(host.data_ptr<float>(), index, numbers::Type::kFp32) : 0);
  }
  return bits;
}

/// One element of the output on its device.
inline at::Tensor element(const at::Tensor& output, std::int64_t index) {
  return output.view({-1}).narrow(0, index, 1);
}

/// The largest bound: what a fault must exceed to be surely found.
inline double largest_bound(const std::vector<numbers::Truth>& truth) {
  double bound = 0;
  for (const auto& one : truth) bound = one.bound > bound ? one.bound : bound;
  return bound;
}

}  // namespace envforge::validator::checks::torch
