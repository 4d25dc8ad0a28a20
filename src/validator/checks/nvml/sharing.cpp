// Proves: nobody else used the GPUs when the run began: no other process, and no load; where somebody did, speed is not
//   judged.
// Control: none, because what could be blind is NVML's list of processes, where nothing can be planted; a copy of that
//   list would prove only itself.
// Suite: quick
//
// The look itself was taken by container.gpus before any group used a GPU; this check tells it.
#include "checks/nvml/session.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Context;

class Sharing : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    std::string users;
    for (const auto& one : context.request().gpus) {
      for (const auto& user : one.used_by) users += (users.empty() ? "" : "; ") + one.uuid + ": " + user;
    }
    for (const Watched& one : session.gpus) {
      const auto memory = session.nvml->memory(one.handle);
      if (!memory) continue;
      result.measurements.push_back(
          {"memory in use", static_cast<double>(memory->used), "bytes", {}, "", {{"gpu", one.uuid}}});
    }
    if (!users.empty()) {
      throw harness::Skip("others use the GPUs, so speed is not judged: " + users);
    }
    result.verdict = protocol::Verdict::kPass;
    result.summary = "nobody else used the GPUs when the run began";
  }
};
ENVFORGE_CHECK(Sharing);

}  // namespace
}  // namespace envforge::validator::nvml
