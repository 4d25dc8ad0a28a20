// Proves: batch norm in training normalises by the mean and variance of the batch and keeps them rightly, so that
//   inference with what it kept is right too; in fp32, fp16 and bf16, channels first and last.
// Control: one output of each phase, type and layout is moved by three times its bound on the device.
// Suite: standard
#include "checks/cudnn/layers.hpp"
#include "gpu/cudnn_layers.hpp"
#include "harness/check.hpp"

namespace envforge::validator::cudnn {
namespace {

using numbers::Operation;
using numbers::OperationKind;
using numbers::Type;

class BatchNorm : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(harness::Context& context) override { context.session<Session>().prepare_operations(); }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    std::string done;
    for (const Type type : {Type::kFp32, Type::kFp16, Type::kBf16}) {
      if (type == Type::kBf16 && session.device().capability() < 80) continue;
      for (const int channels_last : {0, 1}) {
        const Operation shape{OperationKind::kBatchNormTraining,
                              8,
                              24,
                              24,
                              1,
                              {1, 14, 13},
                              {1, 1, 1},
                              {0, 0, 0},
                              {1, 1, 1},
                              channels_last};
        normalise(context, session, shape, type, result);
        if (result.verdict != protocol::Verdict::kPass) return;
      }
      done += (done.empty() ? "" : ", ") + to_string(type);
    }
    result.summary = "training and inference in " + done + ", NCHW and NHWC, N 8, C 24, 14 x 13";
  }

 private:
  static void normalise(harness::Context& context, Session& session, Operation shape, Type type,
                        protocol::CheckResult& result) {
    // Training leaves mean and variance, which inference then takes.
    const std::size_t bytes = static_cast<std::size_t>(shape.c) * sizeof(float);
    const gpu::Buffer scale(session.device(), bytes), shift(session.device(), bytes), mean(session.device(), bytes),
        variance(session.device(), bytes);
    mean.clear();
    variance.clear();
    for (const OperationKind kind : {OperationKind::kBatchNormTraining, OperationKind::kBatchNormInference}) {
      shape.kind = kind;
      const bool training = kind == OperationKind::kBatchNormTraining;
      const std::string what =
          std::string(training ? "training" : "inference") + " in " + to_string(type) + ", " + shape_of(shape);
      const Work work(context, session, shape, type, 0);
      split(shape, work, scale, shift);
      context.doing("cudnnBatchNormalizationForward: " + what);
      const gpu::CudnnLayer layer(session.cudnn, shape, type);
      layer.run(work.a, {scale, shift, mean, variance}, work.out);
      session.device().synchronize();
      const std::size_t measured = result.measurements.size();
      constexpr std::uint64_t kOutputs = 4096;  // each needs its channel's whole statistics
      judge_layer(context, session, work, chosen_elements(context, session, work, kOutputs), result);
      if (result.verdict != protocol::Verdict::kPass) {
        result.reason = what + ": " + result.reason;
        return;
      }
      for (std::size_t i = measured; i < result.measurements.size(); ++i) result.measurements[i].name += ", " + what;
    }
  }

  // Scale and shift of a channel lie side by side in their stream; cuDNN wants two arrays.
  static void split(const Operation& shape, const Work& work, const gpu::Buffer& scale, const gpu::Buffer& shift) {
    constexpr int kWidth = 4;
    for (int c = 0; c < shape.c; ++c) {
      const auto at = static_cast<std::size_t>(c) * kWidth;
      scale.poke(at, kWidth, work.b.peek(2 * at, kWidth));
      shift.poke(at, kWidth, work.b.peek(2 * at + kWidth, kWidth));
    }
  }
};
ENVFORGE_CHECK(BatchNorm);

}  // namespace
}  // namespace envforge::validator::cudnn
