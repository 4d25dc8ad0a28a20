// The same convolutions, forward or as one of the two gradients, in every type and layout, on small integers: every sum
// is exact in every order, so every bit of every output must be right.
#pragma once

#include <array>

#include "checks/cudnn/layers.hpp"
#include "harness/check.hpp"

namespace envforge::validator::cudnn {

class ExactConvolutions : public harness::Check {
 public:
  explicit ExactConvolutions(numbers::OperationKind kind) : kind_(kind) {}
  bool recomputed() const override { return true; }
  void prepare(harness::Context& context) override { context.session<Session>().prepare_operations(); }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    std::string done, missing;
    for (const Kind& kind : kinds()) {
      if (kind.needs_ampere && session.device().capability() < kAmpere) continue;
      int offered = 0;
      protocol::Measurement compared{std::string("elements compared, ") + kind.name, 0, "", {}, "", {}};
      for (const numbers::Operation& shape : shapes()) {
        numbers::Operation operation = shape;
        operation.kind = kind_;
        const std::string text = shape_of(operation);
        const auto engine = convolve(context, session, kind, operation, result);
        std::string& engines = compared.context["engine"];
        engines += (engines.empty() ? "" : "; ") + text + ": " + (engine.empty() ? "none offered" : engine);
        if (engine.empty()) {
          missing += (missing.empty() ? "" : "; ") + std::string(kind.name) + " " + text;
          continue;
        }
        ++offered;
        if (result.verdict != protocol::Verdict::kPass) {
          result.reason = std::string(kind.name) + ", " + text + ", " + engine + ": " + result.reason;
          return;
        }
        compared.value += static_cast<double>(elements_of(operation));
      }
      if (offered == 0) {
        throw harness::Failure(std::string("cuDNN offers no engine for any convolution in ") + kind.name,
                               protocol::Layer::kImage, "cudnnBackendFinalize of every plan that its heuristics name",
                               "all libcudnn_*.so must be of one release");
      }
      done += (done.empty() ? "" : ", ") + std::string(kind.name);
      result.measurements.push_back(std::move(compared));
    }
    result.summary = std::to_string(shapes().size()) + " shapes in " + done + ": every element bit for bit" +
                     (missing.empty() ? "" : "; no engine for " + missing);
  }

 private:
  static constexpr int kAmpere = 80;
  struct Kind {
    const char* name;
    numbers::Type type;
    gpu::Products products;
    int amplitude;  // bf16 holds integers up to 256, fp16 up to 2048: at most 432 products of +-1 stay far below
    bool needs_ampere;
  };
  static const std::array<Kind, 4>& kinds() {
    using numbers::Type;
    static constexpr std::array<Kind, 4> kKinds{{{"fp32", Type::kFp32, gpu::Products::kAsTheyAre, 8, false},
                                                 {"tf32", Type::kFp32, gpu::Products::kTf32, 8, true},
                                                 {"fp16", Type::kFp16, gpu::Products::kAsTheyAre, 1, false},
                                                 {"bf16", Type::kBf16, gpu::Products::kAsTheyAre, 1, true}}};
    return kKinds;
  }
  // No multiples of a usual tile; channels of 8 for each group, which tensor cores need.
  static const std::array<numbers::Operation, 6>& shapes() {
    constexpr auto kForward = numbers::OperationKind::kForward;
    static constexpr std::array<numbers::Operation, 6> kShapes{
        {{kForward, 2, 32, 48, 1, {1, 14, 13}, {1, 3, 3}, {0, 1, 1}, {1, 1, 1}, 1},
         {kForward, 2, 24, 32, 1, {1, 17, 15}, {1, 3, 3}, {0, 1, 1}, {1, 2, 2}, 0},
         {kForward, 2, 32, 64, 4, {1, 12, 11}, {1, 3, 3}, {0, 1, 1}, {1, 1, 1}, 0},
         {kForward, 2, 32, 32, 4, {1, 13, 15}, {1, 3, 3}, {0, 1, 1}, {1, 2, 2}, 1},
         {kForward, 1, 16, 24, 1, {6, 8, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, 0},
         {kForward, 1, 16, 24, 1, {6, 8, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, 1}}};
    return kShapes;
  }

  // The engine that computed it; "" when cuDNN offers none.
  static std::string convolve(harness::Context& context, Session& session, const Kind& kind,
                              const numbers::Operation& operation, protocol::CheckResult& result) {
    const std::string what = std::string(" in ") + kind.name + ": " + shape_of(operation);
    context.doing("choosing an engine" + what);
    auto convolution =
        gpu::GraphConvolution::plan(session.cudnn, session.device(), operation, kind.type, kind.products);
    if (!convolution) return "";
    const Work work(context, session, operation, kind.type, kind.amplitude);
    convolution->bind(work.a, work.b, work.out);
    context.doing("cudnnBackendExecute" + what);
    convolution->run();
    session.device().synchronize();
    judge_layer(context, session, work, chosen_elements(context, session, work, work.problem.elements), result);
    return convolution->engine();
  }

  numbers::OperationKind kind_;
};

}  // namespace envforge::validator::cudnn
