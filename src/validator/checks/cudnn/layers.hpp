// One layer with its inputs on the device, and how its output is judged: what the checks of layers share.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "checks/cudnn/session.hpp"
#include "gpu/cudnn_graph.hpp"
#include "harness/control.hpp"
#include "numbers/operation.hpp"
#include "numbers/spread.hpp"

namespace envforge::validator::cudnn {

// A slice of a GPU with less room than this gets samples instead of every element.
inline constexpr double kRoomForAll = 64 << 20;

struct Work {
  /// `amplitude` as in protocol::Operand: integers, or 0 for bell-shaped data.
  Work(harness::Context& context, Session& session, const numbers::Operation& layer, numbers::Type layer_type,
       int amplitude)
      : operation(layer),
        type(layer_type),
        problem(problem_of(layer, {41, to_string(type), amplitude}, second_operand(layer, type, amplitude), type)),
        a_source(gpu::source_of(problem.a, context.request().seed)),
        b_source(problem.b.type.empty() ? a_source : gpu::source_of(problem.b, context.request().seed)),
        a(session.device(), count_of(0) * unit()),
        b(session.device(), std::max<std::size_t>(count_of(1), 1) * bytes_of(b_source.type)),
        out(session.device(), problem.elements * unit()) {
    session.kernels().fill(a, count_of(0), a_source);
    if (count_of(1) > 0) session.kernels().fill(b, count_of(1), b_source);
    out.clear(0xff);  // NaN: an element that is never written is wrong
  }

  std::size_t unit() const { return static_cast<std::size_t>(bytes_of(type)); }

  /// Elements of the first and the second input.
  std::uint64_t count_of(int input) const {
    using numbers::OperationKind;
    const auto wide = [](long long n) { return static_cast<std::uint64_t>(n); };
    switch (operation.kind) {
      case OperationKind::kForward:
        return wide(input == 0 ? operation.inputs() : operation.weights());
      case OperationKind::kDataGradient:
        return wide(input == 0 ? operation.outputs() : operation.weights());
      case OperationKind::kWeightGradient:
        return wide(input == 0 ? operation.inputs() : operation.outputs());
      case OperationKind::kBatchNormTraining:
      case OperationKind::kBatchNormInference:
        return wide(input == 0 ? operation.inputs() : 2LL * operation.c);
      default:
        return input == 0 ? wide(operation.inputs()) : 0;
    }
  }

  numbers::Operation operation;
  numbers::Type type;
  protocol::Problem problem;
  gpu::Source a_source, b_source;
  gpu::Buffer a, b, out;

 private:
  // Batch norm's scale and shift are in single precision whatever the pictures are in; others have one input.
  static protocol::Operand second_operand(const numbers::Operation& layer, numbers::Type type, int amplitude) {
    using numbers::OperationKind;
    if (layer.kind == OperationKind::kBatchNormTraining || layer.kind == OperationKind::kBatchNormInference) {
      return {42, "fp32", amplitude};
    }
    if (layer.kind > OperationKind::kWeightGradient) return {};
    return {42, to_string(type), amplitude};
  }
};

/// All elements where there is room, else one out of each of so many equal parts.
inline std::vector<std::uint64_t> chosen_elements(const harness::Context& context, Session& session, const Work& work,
                                                  std::uint64_t most) {
  constexpr std::uint64_t kFew = 1500;
  if (session.room() < kRoomForAll) most = kFew;
  return numbers::spread_indices(work.problem.elements, most, context.request().seed + 3);
}

/// Shows the output to the driver and compares `chosen` elements, with a fault planted in one of them. Adds how near
/// the worst of a right output came to its bound.
inline void judge_layer(harness::Context& context, Session& session, const Work& work,
                        const std::vector<std::uint64_t>& chosen, protocol::CheckResult& result) {
  context.doing("comparing with our own layer");
  context.recompute(work.problem, gpu::elements_of(work.out, work.type));
  const gpu::Kernels& kernels = session.kernels();
  const gpu::Buffer reference =
      session.operations().reference_operation(chosen, work.operation, work.a_source, work.b_source);
  const numbers::Tolerance allowed = tolerance_of(work.operation, work.problem.a, work.problem.b, work.type);
  const gpu::Bound bound{allowed.relative, allowed.absolute};
  const bool exact = bound.relative == 0 && bound.absolute == 0;
  const std::uint64_t offset = chosen[context.request().seed % chosen.size()] * work.unit();
  const std::uint64_t before = work.out.peek(offset, bytes_of(work.type));
  const double value = numbers::decode(before, work.type);
  // An exact output moves by one place at least; 3 bounds are found for outputs near zero as well.
  const double delta = exact ? 0 : 3 * (bound.absolute + bound.relative * std::fabs(value));
  const std::uint64_t moved = exact ? before + 1 : numbers::moved_by(before, work.type, delta);
  const double claimed = exact ? std::fabs(numbers::decode(moved, work.type) - value) : 1;
  const auto compare = [&](const gpu::Bound& within) {
    return kernels.compare_lines(reference, work.out, chosen, 1, 1, 0, work.type, within);
  };
  harness::judge(
      result, [&] { return compare(bound); },
      {exact ? "one output moved by one unit in its last place" : "one output moved by three times its bound", claimed,
       [&] { work.out.poke(offset, bytes_of(work.type), moved); },
       [&] { work.out.poke(offset, bytes_of(work.type), before); }},
      protocol::Layer::kImage);
  if (exact || result.verdict != protocol::Verdict::kPass) return;
  constexpr double kPart = 1e-6;
  const double worst = compare({bound.relative * kPart, bound.absolute * kPart}).worst * kPart;
  result.measurements.push_back({"largest error " + to_string(work.type), worst, "of its bound", {}, "", {}});
}

/// "N 2, C 32, 14 x 13, K 48, 3 x 3, stride 2, 4 groups, NHWC".
inline std::string shape_of(const numbers::Operation& o) {
  const auto directions = [&o](const int(&values)[3]) {
    const std::string flat = std::to_string(values[1]) + " x " + std::to_string(values[2]);
    return o.in[0] == 1 ? flat : std::to_string(values[0]) + " x " + flat;
  };
  std::string text = "N " + std::to_string(o.n) + ", C " + std::to_string(o.c) + ", " + directions(o.in);
  if (o.kind <= numbers::OperationKind::kWeightGradient) text += ", K " + std::to_string(o.k);
  if (o.taps() > 1) text += ", window " + directions(o.window);
  if (o.stride[2] > 1) text += ", stride " + std::to_string(o.stride[2]);
  if (o.groups > 1) text += ", " + std::to_string(o.groups) + " groups";
  const bool deep = o.in[0] > 1;
  return text + (o.channels_last != 0 ? deep ? ", NDHWC" : ", NHWC" : deep ? ", NCDHW" : ", NCHW");
}

}  // namespace envforge::validator::cudnn
