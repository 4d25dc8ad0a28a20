// Proves: spectra of bell-shaped data of a power of two, of mixed and of prime length, along one and two directions,
//   complex and real, agree with sums in fp64 at 512 places, and keep the energy of the data (Parseval).
// Control: one real number of the spectrum is moved by three times its bound on the device, for each shape and type.
// Suite: standard
#include <cmath>

#include "checks/cufft/transform_check.hpp"

namespace envforge::validator::cufft {
namespace {

constexpr std::uint64_t kPlaces = 512;
// 16384 = 2^14, 5040 = 2^4 3^2 5 7, 1021 is prime, 60 x 56 mixed.
constexpr Fourier kShapes[] = {{1, 16384, 2, false}, {1, 16384, 2, true}, {1, 5040, 3, false}, {1, 5040, 3, true},
                               {1, 1021, 5, false},  {1, 1021, 5, true},  {60, 56, 3, false},  {60, 56, 3, true}};

class Spectrum : public TransformCheck {
  std::vector<Fourier> shapes(Session&) const override { return {std::begin(kShapes), std::end(kShapes)}; }
  std::string summary(int done, const std::string&) const override {
    return std::to_string(done) + " spectra agree with sums in fp64 and keep the energy";
  }

  void one(Context& context, Session& session, const Fourier& shape, Type type,
           protocol::CheckResult& result) override {
    const Transform t(context, session, shape, type, {52, numbers::to_string(type), 0});
    // A transform of real data may write over it: its energy is taken before.
    const double energy = session.kernels().energy(t.from, shape.inputs(), type, nullptr);
    context.doing("cuFFT, " + to_string(shape, type));
    gpu::FourierPlan(session.fft, shape, type, false).run(t.from, t.to);
    session.device().synchronize();
    judge(context, session.kernels(), t, energy, result);
  }

  // Relative to the data's energy, as far as one value may be off relative to its typical size: what a missing or
  // doubled value of any size adds is far more, and rounding, whose signs are random, far less.
  static harness::Comparison compare_energy(const gpu::Kernels& kernels, const Transform& t, double before) {
    const double points = static_cast<double>(t.shape.points());
    const double after = kernels.energy(t.to, t.shape.outputs(), t.type, t.shape.real ? &t.shape : nullptr) / points;
    const double bound =
        numbers::fourier_bound(t.shape, 0, t.type) / std::sqrt(points) / numbers::spread_of(0) * before;
    harness::Comparison out;
    out.compared = 1;
    if (std::fabs(after - before) <= bound) return out;
    out.wrong = 1;
    out.worst = std::isfinite(after) ? std::fabs(after - before) / bound : 1e308;
    out.first = "the energy of the spectrum is " + std::to_string(after) + ", of the data " + std::to_string(before);
    return out;
  }

  static void judge(Context& context, const gpu::Kernels& kernels, const Transform& t, double energy,
                    protocol::CheckResult& result) {
    context.recompute(t.problem, gpu::elements_of(t.to, t.type));
    const auto places = numbers::spread_indices(t.shape.outputs(), kPlaces, context.request().seed + 3);
    const gpu::Buffer reference = kernels.reference_transform(places, t.shape, t.source);
    const double bound = numbers::fourier_bound(t.shape, 0, t.type);
    harness::judge(
        result,
        [&] {
          return gpu::both(kernels.compare_lines(reference, t.to, places, 1, 1, 1, t.type, {0, bound}),
                           compare_energy(kernels, t, energy));
        },
        plant(t.to, t.type, places[context.request().seed % places.size()], 3 * bound, 1,
              "one real number of the spectrum in " + numbers::to_string(t.type) + " moved by three times its bound"),
        protocol::Layer::kImage);
  }
};
ENVFORGE_CHECK(Spectrum);

}  // namespace
}  // namespace envforge::validator::cufft
