// Proves: while copies are under way the GPU's PCIe link has the width and the generation that GPU and slot can have.
// Control: one lane less is put into the copy that is judged.
// Suite: standard
#include <algorithm>

#include "container/report_findings.hpp"
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
    result.summary = now + " under load";
    gpu::PcieLink judged = *link;
    const auto look = [&] {
      std::vector<container::Finding> found;
      if (judged.width < judged.most_width || judged.generation < judged.most_generation) {
        found.push_back({"the link runs as " + now + " under load, GPU and slot can do " + most,
                         "reseat the GPU or its riser; lspci -vv on the host shows LnkSta (downgraded)", false});
      }
      return found;
    };
    container::report_findings(result, look, 1,
                               {"one lane less than GPU and slot can have", 1,
                                [&] { judged.width = judged.most_width - 1; }, [&] { judged = *link; }},
                               protocol::Layer::kHardware,
                               "nvmlDeviceGetCurrPcieLinkWidth and -Generation while copies were under way");
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
