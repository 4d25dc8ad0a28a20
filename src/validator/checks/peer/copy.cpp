// Proves: for every ordered pair of GPUs a copy from one to the other moves every word, over the links that NVML counts
//   at no less than 60 % of what their wires carry; GPUs that NVLinks join reach each other.
// Control: one bit of one word is flipped in the copy that was timed, for each pair.
// Suite: standard
//
// Where two GPUs cannot reach each other over PCIe (IOMMU, ACS, boards for games) the driver copies through the host:
// right, and without a model.
#include <algorithm>
#include <memory>
#include <vector>

#include "gpu/links.hpp"
#include "gpu/session.hpp"
#include "gpu/speed.hpp"
#include "gpu/stream.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr std::uint64_t kStream = 41, kMostWords = 64U << 20;  // 256 MiB
constexpr int kSamples = 10;

/// One GPU with our kernels and memory on it.
struct End {
  End(const gpu::Session& session, int ordinal, std::uint64_t bytes)
      : device(session.other_device(ordinal)),
        kernels(*device, session.cubin()),
        from(*device, bytes),
        to(*device, bytes) {}
  std::unique_ptr<gpu::Device> device;
  gpu::Kernels kernels;
  gpu::Buffer from, to;
};

class PeerCopy : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().gpus.size() < 2) return "one GPU: a copy between two needs two";
    for (const auto& one : context.request().gpus) {
      if (one.mig) return "slices of a GPU (MIG) do not reach each other";
    }
    return std::nullopt;
  }
  void prepare(Context& context) override {
    if (!skip_reason(context)) context.session<gpu::Session>();
  }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    session.cuda().check(session.cuda().cuInit(0), "cuInit");
    const auto count = static_cast<int>(context.request().gpus.size());
    const auto words = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(session.room() / 16), 1024, kMostWords);
    std::vector<std::unique_ptr<End>> ends;
    for (int i = 0; i < count; ++i) ends.push_back(std::make_unique<End>(session, i, words * 4));
    protocol::CheckResult slow;
    for (int i = 0; i < count; ++i) {
      for (int j = 0; j < count; ++j) {
        if (i == j) continue;
        pair(context, session, *ends[static_cast<std::size_t>(i)], *ends[static_cast<std::size_t>(j)], i, j, result);
        if (result.verdict == protocol::Verdict::kDegraded) {
          slow = result;
        } else if (result.verdict != protocol::Verdict::kPass) {
          result.reason = "GPU " + std::to_string(i) + " to " + std::to_string(j) + ": " + result.reason;
          return;
        }
      }
    }
    if (slow.verdict == protocol::Verdict::kDegraded) {
      slow.measurements = result.measurements;
      result = slow;
    }
    result.summary = std::to_string(count * (count - 1)) + " directions, every word of each";
  }

 private:
  static bool reach(const gpu::Session& session, const End& a, const End& b) {
    int can = 0;
    session.cuda().check(session.cuda().cuDeviceCanAccessPeer(&can, a.device->ordinal(), b.device->ordinal()),
                         "cuDeviceCanAccessPeer");
    if (can == 0) return false;
    a.device->make_current();
    const int status = session.cuda().cuCtxEnablePeerAccess(b.device->context(), 0);
    if (status != gpu::kCudaPeerAccessAlreadyEnabled) session.cuda().check(status, "cuCtxEnablePeerAccess");
    return true;
  }

  static void pair(Context& context, gpu::Session& session, End& a, End& b, int i, int j,
                   protocol::CheckResult& result) {
    const std::string name = "GPU " + std::to_string(i) + " to " + std::to_string(j);
    const std::uint64_t words = a.from.bytes() / 4;
    const auto stream_number = kStream + static_cast<std::uint64_t>(i);
    const protocol::Problem problem{"copy", {}, {stream_number, "u32", 0}, {}, "u32", words};
    const gpu::Source source = gpu::source_of(problem.a, context.request().seed);
    context.doing("cuCtxEnablePeerAccess, " + name);
    const bool direct = reach(session, a, b);
    a.device->make_current();
    a.kernels.fill(a.from, words, source);
    a.device->synchronize();
    context.doing("copying, " + name);
    const double seconds = time_copy(session, a, b);
    b.device->make_current();
    context.recompute(problem, gpu::elements_of(b.to, numbers::Type::kU32));
    const std::uint64_t victim = context.request().seed % words * 4;
    const std::uint64_t before = b.to.peek(victim, 4);
    harness::judge(
        result, [&] { return b.kernels.compare_fill(b.to, words, source); },
        {"one bit of the copy on GPU " + std::to_string(j) + " flipped", 1, [&] { b.to.poke(victim, 4, before ^ 1); },
         [&] { b.to.poke(victim, 4, before); }},
        protocol::Layer::kHardware);
    measure(context, session, static_cast<double>(words) * 4 / seconds / 1e9, name, direct, i, j, result);
    b.to.clear();
    b.device->synchronize();
  }

  static double time_copy(const gpu::Session& session, const End& a, const End& b) {
    a.device->make_current();
    const gpu::Stream stream(*a.device);
    const gpu::Event start(*a.device), end(*a.device);
    const auto once = [&] {
      stream.record(start);
      session.cuda().check(session.cuda().cuMemcpyPeerAsync(b.to.address(), b.device->context(), a.from.address(),
                                                            a.device->context(), a.from.bytes(), stream.handle()),
                           "cuMemcpyPeerAsync");
      stream.record(end);
      stream.synchronize();
      return end.seconds_since(start);
    };
    return harness::measure(once, 0.02, kSamples).median;
  }

  static void measure(Context& context, gpu::Session& session, double value, const std::string& name, bool direct,
                      int i, int j, protocol::CheckResult& result) {
    protocol::Measurement m{name, value, "GB/s", {}, "", {}};
    const protocol::GpuInfo& gpu = context.request().gpus[static_cast<std::size_t>(i)];
    const protocol::GpuInfo& other = context.request().gpus[static_cast<std::size_t>(j)];
    const auto& nvml = session.nvml();
    void* handle = nvml ? nvml->device(gpu.uuid) : nullptr;
    // A bridge joins pairs: to a third GPU the links do not lead.
    const auto joined = nvml ? nvml->is_linked(handle, other.pci_bus_id) : std::nullopt;
    const int links = nvml && joined.value_or(true) ? nvml->active_nvlinks(handle) : 0;
    const auto rate = gpu::nvlink_wire_rate(gpu.compute_capability);
    const auto pcie = nvml ? nvml->pcie_link(handle) : std::nullopt;
    m.context["transport"] = !direct ? "through the host" : links > 0 ? "NVLink" : "PCIe";
    if (!direct) {
      m.context["judged"] = "no: the copy goes through the host's memory, of which there is no model";
      result.measurements.push_back(std::move(m));
      if (joined.value_or(false)) accuse_the_host(links, name, result);
      return;
    }
    if (links > 0 && rate) {
      m.expected = links * *rate;
      m.derivation = std::to_string(links) + " NVLinks x " + std::to_string(*rate) + " GB/s, one direction";
    } else if (links == 0 && pcie) {
      m.expected = gpu::pcie_rate(pcie->most_generation, pcie->width);
      m.derivation = "PCIe " + std::to_string(pcie->most_generation) + ".0 x" + std::to_string(pcie->width);
    }
    gpu::judge_against_model(result, context, std::move(m), "copy between devices",
                             "nvidia-smi nvlink -s and nvidia-smi topo -m on the host");
  }

  static void accuse_the_host(int links, const std::string& name, protocol::CheckResult& result) {
    if (result.verdict != protocol::Verdict::kPass) return;
    result.verdict = protocol::Verdict::kDegraded;
    result.reason = name + ": the driver lets neither reach the other although they are joined by NVLinks, of which " +
                    std::to_string(links) + " are active";
    result.layer = protocol::Layer::kHostDriver;
    result.evidence = "cuDeviceCanAccessPeer says 0; the copy went through the host's memory and is right";
    result.mend = gpu::kUnreachablePeer;
  }
};
ENVFORGE_CHECK(PeerCopy);

}  // namespace
}  // namespace envforge::validator
