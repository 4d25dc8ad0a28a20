// A check of one kind of layer, in every type that the GPU has.
#pragma once

#include "checks/cudnn/layers.hpp"
#include "gpu/cudnn_layers.hpp"
#include "harness/check.hpp"

namespace envforge::validator::cudnn {

using numbers::Operation;
using numbers::OperationKind;
using numbers::Type;

class LayerCheck : public harness::Check {
 public:
  bool recomputed() const final { return true; }
  void prepare(harness::Context& context) final { context.session<Session>().prepare_operations(); }

  void run(harness::Context& context, protocol::CheckResult& result) final {
    auto& session = context.session<Session>();
    session.started();
    std::string done;
    for (const Type type : {Type::kFp32, Type::kFp16, Type::kBf16}) {
      if (type == Type::kBf16 && session.device().capability() < 80) continue;
      one_type(context, session, type, result);
      if (result.verdict != protocol::Verdict::kPass) return;
      done += (done.empty() ? "" : ", ") + to_string(type);
    }
    result.summary = summary(done);
  }

 protected:
  /// `most` elements of the output of `work`; its reason and what it measures are told to be of `what`.
  static void judge(harness::Context& context, Session& session, const Work& work, std::uint64_t most,
                    const std::string& what, protocol::CheckResult& result) {
    const std::size_t measured = result.measurements.size();
    judge_layer(context, session, work, chosen_elements(context, session, work, most), result);
    if (result.verdict != protocol::Verdict::kPass) result.reason = what + ": " + result.reason;
    for (std::size_t i = measured; i < result.measurements.size(); ++i) result.measurements[i].name += ", " + what;
  }

 private:
  /// Every layer of the check in `type`, until one is wrong.
  virtual void one_type(harness::Context& context, Session& session, Type type, protocol::CheckResult& result) = 0;
  /// `types`: "fp32, fp16".
  virtual std::string summary(const std::string& types) const = 0;
};

}  // namespace envforge::validator::cudnn
