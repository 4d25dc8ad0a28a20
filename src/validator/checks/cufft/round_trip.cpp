// Proves: forward and inverse transforms of a million points give every integer of the data back after rounding,
//   complex and real, along one and two directions, in fp32 and fp64.
// Control: one real number of what came back is moved by three times its bound on the device, for each shape and type.
// Suite: standard
#include "checks/cufft/transform_check.hpp"
#include "harness/timing.hpp"

namespace envforge::validator::cufft {
namespace {

constexpr int kAmplitude = 8;
constexpr Fourier kShapes[] = {
    {1, 1U << 20, 1, false}, {1, 1U << 20, 1, true}, {1024, 1000, 1, false}, {1024, 1000, 1, true}};
// A slice of a GPU with less room than this gets fewer points.
constexpr double kSmallRoom = 256 << 20;

Fourier smaller(Fourier shape) {
  shape.rows = shape.rows > 1 ? shape.rows / 16 : 1;
  shape.columns /= shape.rows > 1 ? 10 : 64;
  return shape;
}

class RoundTrip : public TransformCheck {
  std::vector<Fourier> shapes(Session& session) const override {
    std::vector<Fourier> out;
    for (const Fourier& full : kShapes) out.push_back(session.room() < kSmallRoom ? smaller(full) : full);
    return out;
  }
  std::string summary(int done, const std::string&) const override {
    return std::to_string(done) + " round trips give every integer back";
  }

  void one(Context& context, Session& session, const Fourier& shape, Type type,
           protocol::CheckResult& result) override {
    const gpu::Kernels& kernels = session.kernels();
    const Transform t(context, session, shape, type, {53, numbers::to_string(type), kAmplitude});
    const gpu::Buffer back(session.device(), t.from.bytes());
    back.clear(0xff);
    const gpu::FourierPlan forward(session.fft, shape, type, false), inverse(session.fft, shape, type, true);
    context.doing("cuFFT there and back, " + to_string(shape, type));
    forward.run(t.from, t.to);
    inverse.run(t.to, back);
    session.device().synchronize();
    const protocol::Problem problem = numbers::problem_of(shape, t.problem.a, true);
    context.recompute(problem, gpu::elements_of(back, type));
    const double scale = static_cast<double>(shape.points());
    const double bound = numbers::round_trip_bound(shape, kAmplitude, type);
    harness::judge(
        result, [&] { return kernels.compare_scaled(back, shape.inputs(), t.source, scale, bound); },
        plant(back, type, context.request().seed % shape.inputs(), 3 * bound, 1,
              "one real number of what came back in " + numbers::to_string(type) + " moved by three times its bound"),
        protocol::Layer::kImage);
    measure(session, forward, t, result);
  }

  static void measure(Session& session, const gpu::FourierPlan& forward, const Transform& t,
                      protocol::CheckResult& result) {
    const gpu::Device& device = session.device();
    const gpu::Event start(device), end(device);
    const auto once = [&] {
      start.record();
      forward.run(t.from, t.to);
      end.record();
      return end.seconds_since(start);
    };
    const double seconds = harness::measure(once, 0.02, 10).median;
    result.measurements.push_back({"forward, " + to_string(t.shape, t.type),
                                   static_cast<double>(t.from.bytes() + t.to.bytes()) / seconds / 1e9,
                                   "GB/s",
                                   {},
                                   "",
                                   {{"counted", "every value once in and once out"},
                                    {"judged", "no: so small a transform is mostly the start of its kernels"}}});
  }
};
ENVFORGE_CHECK(RoundTrip);

}  // namespace
}  // namespace envforge::validator::cufft
