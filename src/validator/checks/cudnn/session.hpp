// What the checks of this group share: cuDNN, and one convolution with its inputs on the device.
#pragma once

#include "gpu/cudnn_api.hpp"
#include "gpu/session.hpp"

namespace envforge::validator::cudnn {

struct Session : gpu::Session {
  explicit Session(harness::Context& context) : gpu::Session(context, gpu::Torch::kLoaded), cudnn(libraries()) {}
  /// With a context and a handle; in `run` only.
  const gpu::Cudnn& started() {
    device();
    cudnn.start(libraries());
    return cudnn;
  }
  gpu::Cudnn cudnn;
};

/// A convolution whose inputs come from the seed.
struct Layer {
  Layer(harness::Context& context, Session& session, const numbers::Convolution& layer_shape, numbers::Type layer_type,
        int amplitude)
      : shape(layer_shape),
        type(layer_type),
        problem{"conv2d",
                {{"n", shape.n},
                 {"h", shape.h},
                 {"w", shape.w},
                 {"c", shape.c},
                 {"k", shape.k},
                 {"r", shape.r},
                 {"s", shape.s},
                 {"pad", shape.pad},
                 {"stride", shape.stride}},
                {21, to_string(type), amplitude},
                {22, to_string(type), amplitude},
                to_string(type),
                static_cast<std::uint64_t>(shape.outputs())},
        x_source(gpu::source_of(problem.a, context.request().seed)),
        weight_source(gpu::source_of(problem.b, context.request().seed)),
        x(session.device(), bytes(shape.n * shape.h * shape.w * shape.c)),
        weights(session.device(), bytes(shape.k * shape.r * shape.s * shape.c)),
        y(session.device(), bytes(shape.outputs())) {
    session.kernels().fill(x, x.bytes() / unit(), x_source);
    session.kernels().fill(weights, weights.bytes() / unit(), weight_source);
    y.clear(0xff);  // NaN: an element that is never written is wrong
  }
  std::size_t unit() const { return static_cast<std::size_t>(bytes_of(type)); }
  std::size_t bytes(std::int64_t count) const { return static_cast<std::size_t>(count) * unit(); }

  numbers::Convolution shape;
  numbers::Type type;
  protocol::Problem problem;
  gpu::Source x_source, weight_source;
  gpu::Buffer x, weights, y;
};

}  // namespace envforge::validator::cudnn
