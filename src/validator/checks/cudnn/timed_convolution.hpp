// A large convolution or one of its gradients in fp16 on bell-shaped data, through the graph interface: timed, and the
// very output that was timed verified against fp64 sums, one element out of each of many equal parts.
#pragma once

#include "checks/cudnn/layers.hpp"
#include "gpu/speed.hpp"
#include "harness/check.hpp"

namespace envforge::validator::cudnn {

class TimedConvolution : public harness::Check {
 public:
  /// `threshold` names a row of gpu/thresholds.cpp.
  TimedConvolution(numbers::OperationKind kind, std::string threshold)
      : kind_(kind), threshold_(std::move(threshold)) {}
  bool recomputed() const override { return true; }
  void prepare(harness::Context& context) override { context.session<Session>().prepare_operations(); }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    numbers::Operation operation{kind_, 1, 256, 256, 1, {1, 56, 56}, {1, 3, 3}, {0, 1, 1}, {1, 1, 1}, 1};
    constexpr double kMostPictures = 64;
    const double bytes_of_picture = 4.0 * static_cast<double>(operation.outputs()) * 2;
    operation.n = static_cast<int>(std::clamp(session.room() / bytes_of_picture, 1.0, kMostPictures));
    // A slice with hardly any memory: fewer channels too.
    if (session.room() < kRoomForAll) operation.c = operation.k = 32;
    context.doing("choosing an engine in fp16: " + shape_of(operation));
    constexpr std::size_t kMostEngines = 8;
    auto engines = gpu::GraphConvolution::plans(session.cudnn, session.device(), operation, numbers::Type::kFp16,
                                                gpu::Products::kAsTheyAre, kMostEngines);
    if (engines.empty()) {
      throw harness::Failure("cuDNN offers no engine for a 3 x 3 convolution in fp16", protocol::Layer::kImage,
                             shape_of(operation), "all libcudnn_*.so must be of one release");
    }
    const Work work(context, session, operation, numbers::Type::kFp16, 0);
    gpu::GraphConvolution& convolution = fastest(context, session, engines, work);
    work.out.clear(0xff);  // what the others left there
    const bool quick = context.request().suite == protocol::Suite::kQuick;
    context.doing("timing cudnnBackendExecute in fp16: " + shape_of(operation));
    const gpu::SpeedRun speed = gpu::time_on_gpu(
        session, [&] { convolution.run(); }, quick ? 0.2 : 1, quick ? 20 : 50);
    // An element of the weights' gradient sums over all pictures.
    const std::uint64_t outputs = kind_ == numbers::OperationKind::kWeightGradient ? 16384 : 65536;
    judge_layer(context, session, work, chosen_elements(context, session, work, outputs), result);
    const double products = static_cast<double>(operation.outputs()) * operation.c * operation.taps();
    gpu::judge_speed(result, context, session, speed, products, numbers::Type::kFp16, shape_of(operation), threshold_);
    // Not part of the shape: another engine for the same convolution is what a comparison shall show.
    result.measurements.back().context["engine"] =
        convolution.engine() + ", the fastest of " + std::to_string(engines.size());
  }

 private:
  // As torch does where cudnn.benchmark is on: cuDNN's own order is a guess.
  static gpu::GraphConvolution& fastest(harness::Context& context, Session& session,
                                        std::vector<gpu::GraphConvolution>& engines, const Work& work) {
    constexpr int kRuns = 5;
    gpu::GraphConvolution* best = nullptr;
    double least = 0;
    for (gpu::GraphConvolution& engine : engines) {
      context.doing("trying " + engine.engine());
      engine.bind(work.a, work.b, work.out);
      engine.run();
      const gpu::Event start(session.device()), end(session.device());
      start.record();
      for (int i = 0; i < kRuns; ++i) engine.run();
      end.record();
      const double seconds = end.seconds_since(start);
      if (best != nullptr && seconds >= least) continue;
      best = &engine;
      least = seconds;
    }
    return *best;
  }

  numbers::OperationKind kind_;
  std::string threshold_;
};

}  // namespace envforge::validator::cudnn
