// Proves: max pooling and average pooling over windows that overlap and hang over the border are right in fp32,
//   fp16 and bf16, channels first and last: every output of small integers bit for bit.
// Control: one output of each kind, type and layout is moved by one unit in its last place on the device.
// Suite: standard
#include "checks/cudnn/layers.hpp"
#include "gpu/cudnn_layers.hpp"
#include "harness/check.hpp"

namespace envforge::validator::cudnn {
namespace {

using numbers::Operation;
using numbers::OperationKind;
using numbers::Type;

class Pooling : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(harness::Context& context) override { context.session<Session>().prepare_operations(); }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    std::string done;
    for (const Type type : {Type::kFp32, Type::kFp16, Type::kBf16}) {
      if (type == Type::kBf16 && session.device().capability() < 80) continue;
      for (const OperationKind kind : {OperationKind::kMaxPool, OperationKind::kAveragePool}) {
        for (const int channels_last : {0, 1}) {
          pool(context, session, kind, type, channels_last, result);
          if (result.verdict != protocol::Verdict::kPass) return;
        }
      }
      done += (done.empty() ? "" : ", ") + to_string(type);
    }
    result.summary = "max and average in " + done + ", NCHW and NHWC: every element bit for bit";
  }

 private:
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
    judge_layer(context, session, work, chosen_elements(context, session, work, work.problem.elements), result);
    if (result.verdict != protocol::Verdict::kPass) result.reason = what + ": " + result.reason;
  }
};
ENVFORGE_CHECK(Pooling);

}  // namespace
}  // namespace envforge::validator::cudnn
