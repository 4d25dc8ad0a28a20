// What the checks of this group share: cuFFT, and one transform on the device.
#pragma once

#include <string>
#include <vector>

#include "gpu/cufft_api.hpp"
#include "gpu/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "numbers/spread.hpp"

namespace envforge::validator::cufft {

using harness::Context;
using numbers::Fourier;
using numbers::Type;

struct Session : gpu::Session {
  explicit Session(Context& context) : gpu::Session(context, gpu::Torch::kLoaded), fft(libraries()) {}
  /// With a context; in `run` only.
  const gpu::Cufft& started() {
    device();
    fft.report(libraries());
    return fft;
  }
  gpu::Cufft fft;
};

/// "4 x 4 real in fp32, batch of 100".
inline std::string to_string(const Fourier& shape, Type type) {
  return (shape.rows > 1 ? std::to_string(shape.rows) + " x " : "") + std::to_string(shape.columns) +
         (shape.real ? " real" : " complex") + " in " + to_string(type) +
         (shape.batch > 1 ? ", batch of " + std::to_string(shape.batch) : "");
}

/// Input made from the seed, room for the spectrum full of NaN.
struct Transform {
  Transform(const Context& context, Session& session, const Fourier& shape_, Type type_, const protocol::Operand& input)
      : shape(shape_),
        type(type_),
        problem(numbers::problem_of(shape_, input, false)),
        source(gpu::source_of(input, context.request().seed)),
        from(session.device(), shape_.inputs() * static_cast<std::uint64_t>(bytes_of(type_))),
        to(session.device(), shape_.outputs() * static_cast<std::uint64_t>(bytes_of(type_))) {
    session.kernels().fill(from, shape.inputs(), source);
    to.clear(0xff);
  }
  Fourier shape;
  Type type;
  protocol::Problem problem;
  gpu::Source source;
  gpu::Buffer from, to;
};

/// Adds `by` to real number `at` of `buffer`.
inline harness::Control plant(const gpu::Buffer& buffer, Type type, std::uint64_t at, double by, double claimed,
                              const std::string& what) {
  const int size = bytes_of(type);
  const std::uint64_t offset = at * static_cast<std::uint64_t>(size);
  const std::uint64_t before = buffer.peek(offset, size);
  return {what, claimed,
          [&buffer, offset, size, before, type, by] {
            const double value = numbers::decode(before, type) + by;
            buffer.poke(offset, size, numbers::bits_of_value(value, type));
          },
          [&buffer, offset, size, before] { buffer.poke(offset, size, before); }};
}

}  // namespace envforge::validator::cufft
