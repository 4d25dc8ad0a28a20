// Proves: max pooling and average pooling over windows that overlap and hang over the border are right in fp32,
//   fp16 and bf16, channels first and last: every output of small integers bit for bit.
// Control: one output of each kind, type and layout is moved by one unit in its last place on the device.
// Suite: standard
#include "checks/cudnn/layer_check.hpp"

namespace envforge::validator::cudnn {
namespace {

class Pooling : public LayerCheck {
  void one_type(harness::Context& context, Session& session, Type type, protocol::CheckResult& result) override {
    for (const OperationKind kind : {OperationKind::kMaxPool, OperationKind::kAveragePool}) {
      for (const int channels_last : {0, 1}) {
        pool(context, session, kind, type, channels_last, result);
        if (result.verdict != protocol::Verdict::kPass) return;
      }
    }
  }
  std::string summary(const std::string& types) const override {
    return "max and average in " + types + ", NCHW and NHWC: every element bit for bit";
  }

  static void pool(harness::Context& context, Session& session, OperationKind kind, Type type, int channels_last,
                   protocol::CheckResult& result) {
    // Sums of 16 integers up to 8, divided by 16: 8 bits of significand, which bf16 has.
    const Operation operation{kind, 3, 40, 40, 1, {1, 23, 26}, {1, 4, 4}, {0, 1, 1}, {1, 2, 2}, channels_last};
    const std::string what = std::string(kind == OperationKind::kMaxPool ? "max" : "average") + " pooling in " +
                             to_string(type) + ", " + shape_of(operation);
    const Work work(context, session, operation, type, 8);
    context.doing("cudnnPoolingForward: " + what);
    const gpu::CudnnLayer layer(session.cudnn, operation, type);
    layer.run(work.a, work.out);
    session.device().synchronize();
    judge(context, session, work, work.problem.elements, what, result);
  }
};
ENVFORGE_CHECK(Pooling);

}  // namespace
}  // namespace envforge::validator::cudnn
