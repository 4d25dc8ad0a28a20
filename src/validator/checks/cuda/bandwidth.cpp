// Proves: copies to the device, on it and back move every word, and page-locked copies run at no less than 60 % of the
//   PCIe link that NVML names, copies on the device at no less than 55 % of memory clock x bus.
// Control: one bit of one word is flipped in the copy that was timed, in each direction.
// Suite: standard
//
// Each GPU of the run has the way to the host's memory for itself while it is timed (gpu/host_turn.hpp).
// Pageable memory is measured beside: what a program loses that does not pin. A copy on the device reads and writes, so
// it counts twice.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "gpu/host_turn.hpp"
#include "gpu/links.hpp"
#include "gpu/session.hpp"
#include "gpu/speed.hpp"
#include "gpu/stream.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Comparison;
using harness::Context;
using numbers::Type;

constexpr std::uint64_t kStream = 3, kDeviceStream = 4;
constexpr std::uint64_t kMostWords = 32U << 20;         // 128 MiB over PCIe: 2 ms of generation 5
constexpr std::uint64_t kMostDeviceWords = 256U << 20;  // 1 GiB: far beyond any cache
constexpr int kSamples = 10;

harness::Timing timed(const gpu::Device& device, const gpu::Stream& stream, const std::function<void()>& copy) {
  const gpu::Event start(device), end(device);
  const auto once = [&] {
    stream.record(start);
    copy();
    stream.record(end);
    stream.synchronize();
    return end.seconds_since(start);
  };
  return harness::measure(once, 0.1, kSamples);
}

harness::Timing timed_pageable(const std::function<void()>& copy) {
  const auto once = [&] {
    const auto start = std::chrono::steady_clock::now();
    copy();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  return harness::measure(once, 0.05, 5);
}

protocol::Measurement rate(const std::string& name, double bytes, const harness::Timing& timing) {
  protocol::Measurement m{name, bytes / timing.median / 1e9, "GB/s", {}, "", {}, {}};
  m.context = {{"bytes", std::to_string(static_cast<long long>(bytes))}};
  m.spread = harness::spread_of_rate(timing, bytes / 1e9);
  return m;
}

struct HostTiming {
  harness::Timing timing;
  bool alone = false;  // no other GPU of the run was timed on its way to the host's memory
};

template <class Measure>
HostTiming in_turn(const Measure& measure) {
  const gpu::HostTurn turn;
  return {measure(), turn.alone()};
}

protocol::Measurement through_host(const std::string& name, double bytes, const HostTiming& measured) {
  auto m = rate(name, bytes, measured.timing);
  m.context["through"] = "the host";
  if (!measured.alone) m.context["judged"] = "no: other GPUs of the run may have copied at the same time";
  return m;
}

Comparison compare_on_host(const std::uint32_t* got, const std::vector<std::uint32_t>& expected) {
  Comparison out;
  out.compared = expected.size();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (got[i] == expected[i]) continue;
    if (out.wrong++ == 0) out.first = "the first is word " + std::to_string(i);
    out.worst = std::max(out.worst, std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])));
  }
  return out;
}

class Bandwidth : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    over_pcie(context, session, result);
    if (result.verdict != protocol::Verdict::kPass && result.verdict != protocol::Verdict::kDegraded) return;
    const protocol::CheckResult before = result;
    on_device(context, session, result);
    if (before.verdict == protocol::Verdict::kDegraded && result.verdict == protocol::Verdict::kPass) {
      const auto measured = result.measurements;
      result = before;
      result.measurements = measured;
    }
    result.summary = "every word of the timed copies, both ways over PCIe and on the device";
  }

 private:
  static void over_pcie(Context& context, gpu::Session& session, protocol::CheckResult& result) {
    const gpu::Device& device = session.device();
    const gpu::Kernels& kernels = session.kernels();
    const auto count = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(session.room() / 16), 1024, kMostWords);
    const std::uint64_t bytes = count * 4;
    const protocol::Problem problem{"copy", {}, {kStream, "u32", 0}, {}, "u32", count};
    const gpu::Source source = gpu::source_of(problem.a, context.request().seed);
    std::vector<std::uint32_t> truth(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      truth[i] = static_cast<std::uint32_t>(numbers::element_bits(source.base, i, 0, Type::kU32));
    }
    const gpu::PinnedMemory from(device, bytes), to(device, bytes);
    const gpu::Buffer there(device, bytes);
    const gpu::Stream stream(device);
    std::memcpy(from.pointer(), truth.data(), bytes);

    context.doing("copying page-locked memory to the device");
    const HostTiming in =
        in_turn([&] { return timed(device, stream, [&] { stream.copy_in(there.address(), from.pointer(), bytes); }); });
    const std::optional<gpu::PcieLink> link = link_under_load(session, stream, there, from);
    const std::uint64_t victim = context.request().seed % count;
    harness::judge(
        result, [&] { return kernels.compare_fill(there, count, source); },
        {"one bit of word " + std::to_string(victim) + " flipped on the device", 1,
         [&] { there.poke(victim * 4, 4, truth[victim] ^ 1U); }, [&] { there.poke(victim * 4, 4, truth[victim]); }},
        protocol::Layer::kHardware);
    if (result.verdict != protocol::Verdict::kPass) return;
    context.doing("copying from the device to page-locked memory");
    const HostTiming out =
        in_turn([&] { return timed(device, stream, [&] { stream.copy_out(to.pointer(), there.address(), bytes); }); });
    harness::judge(
        result, [&] { return compare_on_host(to.words(), truth); },
        {"one bit of word " + std::to_string(victim) + " flipped in what came back", 1,
         [&] { to.words()[victim] ^= 1U; }, [&] { to.words()[victim] ^= 1U; }},
        protocol::Layer::kHardware);
    context.recompute(problem, [&](const std::vector<std::uint64_t>& indices) {
      std::vector<std::uint64_t> bits;
      for (const auto index : indices) bits.push_back(to.words()[index]);
      return bits;
    });
    if (result.verdict != protocol::Verdict::kPass) return;
    judge_link(context, link, "copy to the device",
               through_host("to the device, page-locked", static_cast<double>(bytes), in), result);
    judge_link(context, link, "copy from the device",
               through_host("from the device, page-locked", static_cast<double>(bytes), out), result);
    pageable(context, there, truth, result);
  }

  static void pageable(Context& context, const gpu::Buffer& there, const std::vector<std::uint32_t>& truth,
                       protocol::CheckResult& result) {
    context.doing("copying pageable memory");
    const std::uint64_t bytes = truth.size() * 4;
    std::vector<std::uint32_t> back(truth.size());
    const HostTiming in = in_turn([&] { return timed_pageable([&] { there.write(truth.data(), bytes); }); });
    const HostTiming out = in_turn([&] { return timed_pageable([&] { there.read(back.data(), bytes); }); });
    const Comparison comparison = compare_on_host(back.data(), truth);
    if (comparison.wrong > 0) {
      throw harness::Failure(
          std::to_string(comparison.wrong) + " words of pageable memory came back changed; " + comparison.first,
          protocol::Layer::kHardware, "cuMemcpyHtoD, cuMemcpyDtoH", "");
    }
    result.measurements.push_back(through_host("to the device, pageable", static_cast<double>(bytes), in));
    result.measurements.push_back(through_host("from the device, pageable", static_cast<double>(bytes), out));
  }

  // An idle link saves power at a lower generation: only what it is while copies are under way says something.
  static std::optional<gpu::PcieLink> link_under_load(gpu::Session& session, const gpu::Stream& stream,
                                                      const gpu::Buffer& to, const gpu::PinnedMemory& from) {
    if (!session.nvml()) return std::nullopt;
    constexpr int kCopies = 8;
    for (int i = 0; i < kCopies; ++i) stream.copy_in(to.address(), from.pointer(), to.bytes());
    const auto link = session.nvml()->pcie_link(session.nvml()->device(session.uuid()));
    stream.synchronize();
    return link;
  }

  static void judge_link(const Context& context, const std::optional<gpu::PcieLink>& link, const std::string& what,
                         protocol::Measurement m, protocol::CheckResult& result) {
    if (link) {
      m.expected = gpu::pcie_rate(link->generation, link->width);
      m.derivation = "PCIe " + std::to_string(link->generation) + ".0 x" + std::to_string(link->width) +
                     ", one direction, as NVML saw it under load";
    }
    gpu::judge_against_model(result, context, std::move(m), what,
                             "nvidia-smi -q | grep -A 12 'GPU Link Info' and lspci -vv on the host");
  }

  static void on_device(Context& context, gpu::Session& session, protocol::CheckResult& result) {
    const gpu::Device& device = session.device();
    const gpu::Kernels& kernels = session.kernels();
    const auto count =
        std::clamp<std::uint64_t>(static_cast<std::uint64_t>(session.room() / 16), 1024, kMostDeviceWords);
    const gpu::Source source{numbers::stream_base(context.request().seed, kDeviceStream), 0, Type::kU32};
    const gpu::Buffer from(device, count * 4), to(device, count * 4);
    const gpu::Stream stream(device);
    kernels.fill(from, count, source);
    device.synchronize();
    context.doing("copying on the device");
    const harness::Timing timing = timed(device, stream, [&] { stream.copy(to.address(), from.address(), count * 4); });
    const std::uint64_t victim = context.request().seed % count * 4;
    const std::uint64_t before = to.peek(victim, 4);
    harness::judge(
        result, [&] { return kernels.compare_fill(to, count, source); },
        {"one bit of the copy on the device flipped", 1, [&] { to.poke(victim, 4, before ^ 1); },
         [&] { to.poke(victim, 4, before); }},
        protocol::Layer::kHardware);
    protocol::Measurement m = rate("on the device", 2.0 * static_cast<double>(count) * 4, timing);
    const int clock = device.attribute(gpu::kMemoryClockKilohertz), bus = device.attribute(gpu::kMemoryBusBits);
    if (clock > 0 && bus > 0 && !context.request().gpus.front().mig) {
      m.expected = gpu::memory_rate(clock, bus);
      m.derivation = std::to_string(clock / 1000) + " MHz x 2 x " + std::to_string(bus) + " bits, read and written";
    }
    gpu::judge_against_model(result, context, std::move(m), "copy on the device",
                             "nvidia-smi -q -d PERFORMANCE,CLOCK,ECC on the host");
  }
};
ENVFORGE_CHECK(Bandwidth);

}  // namespace
}  // namespace envforge::validator
