// Proves: the very output of a cuDNN convolution in fp16 that was timed is right on bell-shaped data, one output out
//   of each of 65536 equal parts, and it does not run below 30 % of the model.
// Control: one output of the timed convolution is moved by three times its bound on the device.
// Suite: quick
#include "checks/cudnn/session.hpp"

#include <algorithm>
#include <cmath>

#include "gpu/speed.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "numbers/spread.hpp"

namespace envforge::validator::cudnn {
namespace {

using harness::Context;
using numbers::Type;

constexpr numbers::Convolution kOnePicture{1, 56, 56, 256, 256, 3, 3, 1, 1};
constexpr std::int64_t kMostPictures = 32;
// Below this share of the model something is wrong that no choice of kernel explains. Measured on H200: 0.51 to 0.58.
constexpr double kLowestFraction = 0.3;
constexpr std::uint64_t kOutputs = 65536;

class ConvNormal : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(Context& context) override { context.session<Session>(); }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    const Type type = Type::kFp16;
    const numbers::Convolution shape = shape_for(session);
    const Layer layer(context, session, shape, type, 0);
    const gpu::Convolution convolution(session.cudnn, session.device(), shape, type);
    context.doing("timing cudnnConvolutionForward in fp16");
    const bool quick = context.request().suite == protocol::Suite::kQuick;
    const gpu::SpeedRun speed = gpu::time_on_gpu(
        session, [&] { convolution.run(layer.x, layer.weights, layer.y); }, quick ? 0.2 : 2, quick ? 20 : 100);
    context.doing("verifying the timed output");
    context.recompute(layer.problem, gpu::elements_of(layer.y, type));
    judge_outputs(context, session, layer, result);
    const double products = static_cast<double>(shape.outputs()) * static_cast<double>(shape.c * shape.r * shape.s);
    gpu::judge_speed(result, context, session, speed, products, type,
                     "N " + std::to_string(shape.n) + ", 56 x 56, C 256, K 256, 3 x 3", kLowestFraction);
    result.measurements.push_back(
        {"algorithm", static_cast<double>(convolution.algorithm()), "", {}, "chosen by cuDNN", {}});
  }

 private:
  static numbers::Convolution shape_for(Session& session) {
    numbers::Convolution shape = kOnePicture;
    const double bytes = 4.0 * static_cast<double>(shape.outputs()) * bytes_of(Type::kFp16);
    shape.n = std::clamp<std::int64_t>(static_cast<std::int64_t>(session.room() / bytes), 1, kMostPictures);
    return shape;
  }

  static void judge_outputs(Context& context, Session& session, const Layer& layer, protocol::CheckResult& result) {
    const gpu::Kernels& kernels = session.kernels();
    const auto outputs = numbers::spread_indices(layer.problem.elements, kOutputs, context.request().seed + 3);
    const gpu::Buffer reference =
        kernels.reference_convolution(outputs, layer.shape, layer.x_source, layer.weight_source);
    const double terms = static_cast<double>(layer.shape.c * layer.shape.r * layer.shape.s);
    const gpu::Bound bound{
        numbers::relative_bound(layer.type),
        numbers::accumulation_bound(layer.problem.a, layer.problem.b, terms, layer.problem.output_type)};
    const std::uint64_t offset = outputs[context.request().seed % outputs.size()] * layer.unit();
    const std::uint64_t before = layer.y.peek(offset, bytes_of(layer.type));
    // Large enough for outputs near zero as well, where the bound is that of the sum and not of the last place.
    const double delta = 3 * (bound.absolute + bound.relative * std::fabs(numbers::decode(before, layer.type)));
    harness::judge(
        result, [&] { return kernels.compare_lines(reference, layer.y, outputs, 1, 1, 0, layer.type, bound); },
        {"one output moved by three times its bound", 1,
         [&] { layer.y.poke(offset, bytes_of(layer.type), numbers::moved_by(before, layer.type, delta)); },
         [&] { layer.y.poke(offset, bytes_of(layer.type), before); }},
        protocol::Layer::kImage);
  }
};
ENVFORGE_CHECK(ConvNormal);

}  // namespace
}  // namespace envforge::validator::cudnn
