// What the checks of this group share: NCCL, every GPU of this process with our kernels on it, and one all-reduce of
// exact data.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "gpu/nccl_api.hpp"
#include "gpu/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator::nccl {

struct Session : gpu::Session {
  explicit Session(harness::Context& context) : gpu::Session(context, gpu::Torch::kLoaded), nccl(libraries()) {}
  gpu::Nccl nccl;
};

/// One rank on each GPU, its input and output, the communicator over all.
class Reduction {
 public:
  Reduction(harness::Context& context, Session& session, std::uint64_t elements);

  /// Enqueues one all-reduce and waits for every GPU; the seconds that took.
  double run();
  /// Every element on every rank, and a fault planted on one of them.
  void judge(protocol::CheckResult& result);
  int ranks() const { return static_cast<int>(devices_.size()); }

 private:
  harness::Context& context_;
  protocol::Problem problem_;
  std::vector<std::unique_ptr<gpu::Device>> devices_;
  std::vector<std::unique_ptr<gpu::Kernels>> kernels_;
  std::vector<gpu::Buffer> from_, to_;
  std::unique_ptr<gpu::Communicators> communicators_;
};

inline Reduction::Reduction(harness::Context& context, Session& session, std::uint64_t elements) : context_(context) {
  constexpr int kAmplitude = 1000;  // sums of 16,000 ranks are exact in fp32
  context.doing("cuInit");
  session.cuda().check(session.cuda().cuInit(0), "cuInit");
  session.nccl.report(session.libraries());
  const auto count = static_cast<int>(context.request().gpus.size());
  problem_ = {"all-reduce", {{"ranks", count}}, {31, "fp32", kAmplitude}, {}, "fp32", elements};
  for (int i = 0; i < count; ++i) {
    devices_.push_back(session.other_device(i));
    kernels_.push_back(std::make_unique<gpu::Kernels>(*devices_.back(), session.cubin()));
    from_.emplace_back(*devices_.back(), elements * 4);
    to_.emplace_back(*devices_.back(), elements * 4);
    protocol::Operand operand = problem_.a;
    operand.stream += static_cast<std::uint64_t>(i);
    kernels_.back()->fill(from_.back(), elements, gpu::source_of(operand, context.request().seed));
    to_.back().clear(0xff);
    devices_.back()->synchronize();
  }
  context.doing("ncclCommInitAll over " + std::to_string(count) + " GPUs");
  communicators_ = std::make_unique<gpu::Communicators>(session.nccl, count);
  context.doing("ncclAllReduce over " + std::to_string(count) + " GPUs");
}

inline double Reduction::run() {
  const auto start = std::chrono::steady_clock::now();
  communicators_->all_reduce(devices_, from_, to_, problem_.elements);
  for (const auto& device : devices_) {
    device->make_current();
    device->synchronize();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline void Reduction::judge(protocol::CheckResult& result) {
  const auto compare = [this] {
    harness::Comparison all;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      devices_[i]->make_current();
      all = gpu::both(
          all, kernels_[i]->compare_reduced(to_[i], problem_.elements, context_.request().seed, problem_.a.stream,
                                            ranks(), problem_.a.amplitude, numbers::Type::kFp32));
    }
    return all;
  };
  const std::size_t rank = context_.request().seed % devices_.size();
  const std::uint64_t offset = context_.request().seed / 7 % problem_.elements * 4;
  const auto poke = [&](std::uint64_t bits) {
    devices_[rank]->make_current();
    to_[rank].poke(offset, 4, bits);
  };
  devices_[rank]->make_current();
  context_.recompute(problem_, gpu::elements_of(to_[rank], numbers::Type::kFp32));
  const std::uint64_t before = to_[rank].peek(offset, 4);
  const auto value = static_cast<long long>(numbers::decode(before, numbers::Type::kFp32));
  harness::judge(result, compare,
                 {"one element on rank " + std::to_string(rank) + " changed by 1", 1,
                  [&] {
                    poke(numbers::encode({value + 1, 0}, numbers::Type::kFp32));
                  },
                  [&] { poke(before); }},
                 protocol::Layer::kContainerFlags);
}

}  // namespace envforge::validator::nccl
