// Proves: transforms of four points, along one and along two directions, of integers are right in every bit, complex
//   and real, in fp32 and fp64.
// Control: one real number of the spectrum is changed by 1 on the device, for each shape and type.
// Suite: standard
//
// The factors of four points are 1, -1, i and -i: nothing is rounded.
#include <numeric>

#include "checks/cufft/transform_check.hpp"

namespace envforge::validator::cufft {
namespace {

constexpr int kAmplitude = 1000;
constexpr Fourier kShapes[] = {{1, 4, 4096, false}, {1, 4, 4096, true}, {4, 4, 1024, false}, {4, 4, 1024, true}};

class Exact : public TransformCheck {
  std::vector<Fourier> shapes(Session&) const override { return {std::begin(kShapes), std::end(kShapes)}; }
  std::string summary(int, const std::string& version) const override {
    return "four points along one and two directions, bit for bit, cuFFT " + version;
  }

  void one(Context& context, Session& session, const Fourier& shape, Type type,
           protocol::CheckResult& result) override {
    const Transform t(context, session, shape, type, {51, numbers::to_string(type), kAmplitude});
    context.doing("cuFFT, " + to_string(shape, type));
    gpu::FourierPlan(session.fft, shape, type, false).run(t.from, t.to);
    session.device().synchronize();
    judge(context, session.kernels(), t, result);
  }

  static void judge(Context& context, const gpu::Kernels& kernels, const Transform& t, protocol::CheckResult& result) {
    context.recompute(t.problem, gpu::elements_of(t.to, t.type));
    std::vector<std::uint64_t> all(t.shape.outputs());
    std::iota(all.begin(), all.end(), 0);
    const gpu::Buffer reference = kernels.reference_transform(all, t.shape, t.source);
    harness::judge(
        result, [&] { return kernels.compare_lines(reference, t.to, all, 1, 1, 1, t.type, {}); },
        plant(t.to, t.type, context.request().seed % all.size(), 1, 1,
              "one real number of the spectrum in " + numbers::to_string(t.type) + " changed by 1"),
        protocol::Layer::kImage);
  }
};
ENVFORGE_CHECK(Exact);

}  // namespace
}  // namespace envforge::validator::cufft
