// A check of several parts, each with a comparison and a fault of its own: it passes when every part is right, and when
// the fault of every part was found.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/control.hpp"

namespace envforge::validator::checks::torch {

struct Part {
  std::string name;
  std::function<harness::Comparison()> compare;
  std::function<void()> plant;  // into what the library gave
  std::function<void()> undo;
};

/// Every element of `found` against `truth`, whatever their types, layouts and devices; NaN is wrong.
inline harness::Comparison compare_with(const at::Tensor& found, const at::Tensor& truth, double bound) {
  const at::Tensor a = found.detach().to(at::kCPU).to(at::kDouble).contiguous();
  const at::Tensor b = truth.detach().to(at::kCPU).to(at::kDouble).contiguous();
  harness::Comparison out;
  out.compared = static_cast<std::uint64_t>(a.numel());
  if (a.sizes() != b.sizes()) {
    out.wrong = std::max<std::uint64_t>(1, out.compared);
    out.first = "the output has another shape than it should";
    return out;
  }
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    const double is = a.data_ptr<double>()[i], expected = b.data_ptr<double>()[i];
    if (std::fabs(is - expected) <= bound) continue;
    if (out.wrong++ == 0) {
      out.first =
          "element " + std::to_string(i) + " is " + std::to_string(is) + ", expected " + std::to_string(expected);
    }
  }
  return out;
}

/// A part that is one tensor, of which `compare` says what is wrong; its fault is one element changed by `fault`, or by
/// one where the tensor holds integers.
inline Part part_of(const std::string& name, const at::Tensor& output, double fault,
                    std::function<harness::Comparison()> compare) {
  at::Tensor one = output.detach();
  while (one.dim() > 0) one = one.select(0, one.size(0) / 2);
  const at::Tensor kept = one.clone();
  const bool integral = c10::isIntegralType(one.scalar_type(), /*includeBool=*/true);
  const at::Scalar by = integral ? at::Scalar(std::int64_t{1}) : at::Scalar(fault);
  return {name, std::move(compare), [one, by] { one.add_(by); }, [one, kept] { one.copy_(kept); }};
}

/// `planted` says what the fault of each part is.
inline void judge_parts(protocol::CheckResult& result, const std::vector<Part>& parts, const std::string& planted) {
  std::string missed;
  const auto compare = [&] {
    harness::Comparison out;
    missed.clear();
    for (const auto& part : parts) {
      const auto found = part.compare();
      out.compared += found.compared;
      out.wrong += found.wrong;
      if (found.wrong == 0) {
        missed += (missed.empty() ? "" : ", ") + part.name;
        continue;
      }
      ++out.worst;
      if (out.first.empty()) out.first = part.name + ": " + found.first;
    }
    return out;
  };
  const auto each = [&](const std::function<void()> Part::*what) {
    for (const auto& part : parts) (part.*what)();
  };
  const harness::Control control{planted, static_cast<double>(parts.size()), [&] { each(&Part::plant); },
                                 [&] { each(&Part::undo); }};
  harness::judge(result, compare, control, protocol::Layer::kImage);
  if (result.verdict == protocol::Verdict::kError && !missed.empty()) result.reason += ": " + missed;
}

}  // namespace envforge::validator::checks::torch
