// Proves: ReLU is right bit for bit, sigmoid and tanh to 2^-10, in fp32, fp16 and bf16 on bell-shaped data.
// Control: one output of each function and type is moved on the device, by one place (ReLU) or three times its bound.
// Suite: standard
#include "checks/cudnn/layer_check.hpp"

namespace envforge::validator::cudnn {
namespace {

class Activation : public LayerCheck {
  void one_type(harness::Context& context, Session& session, Type type, protocol::CheckResult& result) override {
    for (const OperationKind kind : {OperationKind::kRelu, OperationKind::kSigmoid, OperationKind::kTanh}) {
      const Operation operation{kind, 2, 64, 64, 1, {1, 31, 29}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, 0};
      const Work work(context, session, operation, type, 0);
      const std::string what = name_of(kind) + " in " + to_string(type) + ", " + shape_of(operation);
      context.doing("cudnnActivationForward: " + what);
      const gpu::CudnnLayer layer(session.cudnn, operation, type);
      layer.run(work.a, work.out);
      session.device().synchronize();
      judge(context, session, work, work.problem.elements, what, result);
      if (result.verdict != protocol::Verdict::kPass) return;
    }
  }
  std::string summary(const std::string& types) const override {
    return "ReLU bit for bit, sigmoid and tanh to 2^-10 in " + types;
  }

  static std::string name_of(OperationKind kind) {
    return kind == OperationKind::kRelu ? "ReLU" : kind == OperationKind::kSigmoid ? "sigmoid" : "tanh";
  }
};
ENVFORGE_CHECK(Activation);

}  // namespace
}  // namespace envforge::validator::cudnn
