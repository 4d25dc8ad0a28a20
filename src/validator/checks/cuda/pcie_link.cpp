// Proves: while copies are under way the GPU's PCIe link has the width and the generation that GPU and slot can have.
// Control: none, NVML's two answers are compared as they are.
// Suite: standard
#include <algorithm>

#include "gpu/session.hpp"
#include "gpu/stream.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

class PcieLinkCheck : public harness::Check {
 public:
  void prepare(Context& context) override { context.session<gpu::Session>(); }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    if (!session.nvml()) throw harness::Skip("NVML is not in the container");
    const auto link = under_load(session);
    if (!link) throw harness::Skip("NVML does not tell this GPU's PCIe link");
    const std::string now = "PCIe " + std::to_string(link->generation) + ".0 x" + std::to_string(link->width);
    const std::string most =
        "PCIe " + std::to_string(link->most_generation) + ".0 x" + std::to_string(link->most_width);
    result.measurements.push_back(
        {"PCIe lanes", static_cast<double>(link->width), "", static_cast<double>(link->most_width), most, {}});
    result.measurements.push_back({"PCIe generation",
                                   static_cast<double>(link->generation),
                                   "",
                                   static_cast<double>(link->most_generation),
                                   most,
                                   {}});
    result.verdict = protocol::Verdict::kPass;
    result.summary = now + " under load";
    if (link->width >= link->most_width && link->generation >= link->most_generation) return;
    result.verdict = protocol::Verdict::kDegraded;
    result.reason = "the link runs as " + now + " under load, GPU and slot can do " + most;
    result.layer = protocol::Layer::kHardware;
    result.evidence = "nvmlDeviceGetCurrPcieLinkWidth and -Generation while copies were under way";
    result.mend = "reseat the GPU or its riser; lspci -vv on the host shows LnkSta (downgraded)";
  }

 private:
  static std::optional<gpu::PcieLink> under_load(gpu::Session& session) {
    const gpu::Device& device = session.device();
    const auto bytes = std::clamp<std::size_t>(static_cast<std::size_t>(session.room() / 8), 4096, 64U << 20);
    const gpu::PinnedMemory from(device, bytes);
    const gpu::Buffer to(device, bytes);
    const gpu::Stream stream(device);
    constexpr int kCopies = 40;  // 50 ms of generation 5
    for (int i = 0; i < kCopies; ++i) stream.copy_in(to.address(), from.pointer(), bytes);
    void* handle = session.nvml()->device(session.uuid());
    std::optional<gpu::PcieLink> best;
    // It wakes up with the first copies.
    constexpr int kLooks = 8;
    for (int i = 0; i < kLooks; ++i) {
      const auto link = session.nvml()->pcie_link(handle);
      if (link && (!best || link->generation > best->generation)) best = link;
    }
    stream.synchronize();
    return best;
  }
};
ENVFORGE_CHECK(PcieLinkCheck);

}  // namespace
}  // namespace envforge::validator
