// Proves: batch norm in training normalises by the mean and variance of the batch and keeps them rightly, so that
//   inference with what it kept is right too; in fp32, fp16 and bf16, channels first and last.
// Control: one output of each phase, type and layout is moved by three times its bound on the device.
// Suite: standard
#include "checks/cudnn/layer_check.hpp"

namespace envforge::validator::cudnn {
namespace {

class BatchNorm : public LayerCheck {
  void one_type(harness::Context& context, Session& session, Type type, protocol::CheckResult& result) override {
    for (const int channels_last : {0, 1}) {
      constexpr auto kTraining = OperationKind::kBatchNormTraining;
      normalise(context, session,
                {kTraining, 8, 24, 24, 1, {1, 14, 13}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, channels_last}, type, result);
      if (result.verdict != protocol::Verdict::kPass) return;
    }
  }
  std::string summary(const std::string& types) const override {
    return "training and inference in " + types + ", NCHW and NHWC, N 8, C 24, 14 x 13";
  }

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
      constexpr std::uint64_t kOutputs = 4096;  // each needs its channel's whole statistics
      judge(context, session, work, kOutputs, what, result);
      if (result.verdict != protocol::Verdict::kPass) return;
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
