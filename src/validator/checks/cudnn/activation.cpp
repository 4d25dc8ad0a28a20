// Proves: ReLU is right bit for bit, sigmoid and tanh to 2^-10, in fp32, fp16 and bf16 on bell-shaped data.
// Control: one output of each function and type is moved on the device, by one place (ReLU) or three times its bound.
// Suite: standard
#include "checks/cudnn/layers.hpp"
#include "gpu/cudnn_layers.hpp"
#include "harness/check.hpp"

namespace envforge::validator::cudnn {
namespace {

using numbers::Operation;
using numbers::OperationKind;
using numbers::Type;

class Activation : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(harness::Context& context) override { context.session<Session>().prepare_operations(); }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    for (const Type type : {Type::kFp32, Type::kFp16, Type::kBf16}) {
      if (type == Type::kBf16 && session.device().capability() < 80) continue;
      for (const OperationKind kind : {OperationKind::kRelu, OperationKind::kSigmoid, OperationKind::kTanh}) {
        const Operation operation{kind, 2, 64, 64, 1, {1, 31, 29}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, 0};
        const Work work(context, session, operation, type, 0);
        const std::string what = name_of(kind) + " in " + to_string(type) + ", " + shape_of(operation);
        context.doing("cudnnActivationForward: " + what);
        const gpu::CudnnLayer layer(session.cudnn, operation, type);
        layer.run(work.a, work.out);
        session.device().synchronize();
        const std::size_t measured = result.measurements.size();
        judge_layer(context, session, work, chosen_elements(context, session, work, work.problem.elements), result);
        if (result.verdict != protocol::Verdict::kPass) {
          result.reason = what + ": " + result.reason;
          return;
        }
        for (std::size_t i = measured; i < result.measurements.size(); ++i) result.measurements[i].name += ", " + what;
      }
    }
    result.summary = "ReLU bit for bit, sigmoid and tanh to 2^-10 in fp32, fp16 and bf16";
  }

 private:
  static std::string name_of(OperationKind kind) {
    return kind == OperationKind::kRelu ? "ReLU" : kind == OperationKind::kSigmoid ? "sigmoid" : "tanh";
  }
};
ENVFORGE_CHECK(Activation);

}  // namespace
}  // namespace envforge::validator::cudnn
