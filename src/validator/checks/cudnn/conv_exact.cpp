// Proves: a cuDNN convolution of integers in fp32 and fp16 (NHWC, 3 x 3) has every bit of every output right.
// Control: one output is changed by 1 on the device, in each type.
// Suite: quick
//
// Every sum of small integers is exact in every order.
#include "checks/cudnn/session.hpp"

#include <numeric>

#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator::cudnn {
namespace {

using harness::Context;
using numbers::Type;

// 576 products each; fp16 holds integers up to 2048.
constexpr numbers::Convolution kWhole{4, 30, 26, 64, 96, 3, 3, 1, 1};
// A slice of a GPU with less room than this gets one picture.
constexpr double kSmallRoom = 64 << 20;

class ConvExact : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    numbers::Convolution shape = kWhole;
    if (session.room() < kSmallRoom) shape.n = 1;
    for (const auto& [type, amplitude] : {std::pair{Type::kFp32, 8}, std::pair{Type::kFp16, 1}}) {
      convolve(context, session, shape, type, amplitude, result);
      if (result.verdict != protocol::Verdict::kPass) {
        result.reason = to_string(type) + ": " + result.reason;
        return;
      }
    }
    result.summary = "3 x 3, NHWC, in fp32 and fp16: every element bit for bit";
  }

 private:
  static void convolve(Context& context, Session& session, const numbers::Convolution& shape, Type type, int amplitude,
                       protocol::CheckResult& result) {
    const Layer layer(context, session, shape, type, amplitude);
    context.doing("choosing a convolution in " + to_string(type));
    const gpu::Convolution convolution(session.cudnn, session.device(), shape, type);
    context.doing("cudnnConvolutionForward in " + to_string(type));
    convolution.run(layer.x, layer.weights, layer.y);
    session.device().synchronize();
    context.recompute(layer.problem, gpu::elements_of(layer.y, type));

    context.doing("comparing with our own sums");
    const gpu::Kernels& kernels = session.kernels();
    std::vector<std::uint64_t> all(layer.problem.elements);
    std::iota(all.begin(), all.end(), 0);
    const gpu::Buffer reference = kernels.reference_convolution(all, shape, layer.x_source, layer.weight_source);
    const int size = bytes_of(type);
    const std::uint64_t offset = context.request().seed % layer.problem.elements * static_cast<std::uint64_t>(size);
    const std::uint64_t before = layer.y.peek(offset, size);
    const auto value = static_cast<long long>(numbers::decode(before, type));
    harness::judge(
        result, [&] { return kernels.compare_lines(reference, layer.y, all, 1, 1, 0, type, {}); },
        {"one output in " + to_string(type) + " changed by 1", 1,
         [&] {
           layer.y.poke(offset, size, numbers::encode({value + 1, 0}, type));
         },
         [&] { layer.y.poke(offset, size, before); }},
        protocol::Layer::kImage);
  }
};
ENVFORGE_CHECK(ConvExact);

}  // namespace
}  // namespace envforge::validator::cudnn
