// The validator's own kernels on one GPU, as typed calls: inputs from the seed, references in double precision,
// comparisons. Used by the checks of cuda, cublas, cudnn and nccl.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <envforge/protocol/message.hpp>

#include "gpu/device.hpp"
#include "gpu/sm_clock.hpp"
#include "harness/control.hpp"
#include "numbers/fourier.hpp"
#include "numbers/operation.hpp"
#include "numbers/problem.hpp"

namespace envforge::validator::gpu {

/// The text that NVRTC gets.
std::string kernel_source();
/// That of reference_operation alone: it takes as long to compile as all the others.
std::string operation_source();

/// A matrix or tensor as the kernels take it: where its values come from.
struct Source {
  numbers::U64 base = 0;
  int amplitude = 0;
  numbers::Type type = numbers::Type::kFp32;
};
Source source_of(const protocol::Operand& operand, std::uint64_t seed);
/// The same stream from element `offset` on.
Source shifted(Source source, std::uint64_t offset);

/// One operand of a product, seen as lines: element (line, t) lies at line * row + t * step.
struct Lines {
  Source source;
  std::uint64_t row = 0, step = 0;
};

/// How far an element may be from its reference; {0, 0} = bit for bit.
struct Bound {
  double relative = 0, absolute = 0;
};

/// Reads single elements of device memory, for Context::recompute.
std::function<std::vector<std::uint64_t>(const std::vector<std::uint64_t>&)> elements_of(const Buffer& buffer,
                                                                                         numbers::Type type);
/// Two comparisons of one output as one.
harness::Comparison both(const harness::Comparison& a, const harness::Comparison& b);

/// word -> factor x word + term, in 32 bits.
struct WordChange {
  std::uint32_t factor = 1, term = 0;
};
/// Every bit turned over.
inline constexpr WordChange kInverse{~0U, ~0U};

class Kernels {
 public:
  Kernels(const Device& device, const std::string& cubin);
  // Owns a module.
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;
  ~Kernels();

  void fill(const View& out, std::uint64_t count, const Source& source) const;
  harness::Comparison compare_fill(const View& out, std::uint64_t count, const Source& source) const;

  /// Every 32-bit word becomes factor x word + term; `stream` nullptr = the default one.
  void change_words(const View& words, const WordChange& change, void* stream = nullptr) const;
  /// Against what `change` makes of the words of `source`.
  harness::Comparison compare_words(const View& words, const Source& source, const WordChange& change) const;
  /// Keeps `stream` busy; `scratch` takes one 64-bit word.
  void linger(const View& scratch, std::uint64_t rounds, void* stream) const;

  /// Full lines `list` of X times Y, in double: list.size() x count values.
  Buffer reference_lines(const std::vector<std::uint64_t>& list, std::uint64_t count, std::uint64_t terms,
                         const Lines& x, const Lines& y) const;
  /// Compares them with element list[r] * row + j * step of `out`.
  harness::Comparison compare_lines(const Buffer& reference, const Buffer& out, const std::vector<std::uint64_t>& list,
                                    std::uint64_t count, std::uint64_t row, std::uint64_t step, numbers::Type type,
                                    const Bound& bound) const;
  Buffer reference_convolution(const std::vector<std::uint64_t>& indices, const numbers::Convolution& shape,
                               const Source& x, const Source& weights) const;

  /// Elements `indices` of the output of a layer, in double. Only where the cubin is that of operation_source.
  Buffer reference_operation(const std::vector<std::uint64_t>& indices, const numbers::Operation& operation,
                             const Source& a, const Source& b) const;

  /// A rank's output, `byte_offset` into `buffer`, against what `problem` of kind "collective" says.
  harness::Comparison compare_collective(const Buffer& buffer, std::uint64_t byte_offset,
                                         const protocol::Problem& problem, std::uint64_t seed) const;
  /// As fill, from `byte_offset` on.
  void fill_at(const Buffer& out, std::uint64_t byte_offset, std::uint64_t count, const Source& source) const;

  /// Freivalds: C v against A (B v) for a fresh vector of signs; C is m x n, k terms.
  harness::Comparison freivalds(const Buffer& c, numbers::Type type, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                                const Source& a, const Source& b, double bound, numbers::U64 vector_base) const;

  /// Real numbers `indices` of a forward transform, in double.
  Buffer reference_transform(const std::vector<std::uint64_t>& indices, const numbers::Fourier& shape,
                             const Source& source) const;
  /// Each element against scale times the generated one, within `bound`.
  harness::Comparison compare_scaled(const View& out, std::uint64_t count, const Source& source, double scale,
                                     double bound) const;
  /// The sum of the squares. Of a `symmetric` spectrum that real data has and of which half is left out, all.
  double energy(const View& values, std::uint64_t count, numbers::Type type, const numbers::Fourier* symmetric) const;

  /// By the number of the multiprocessor, behind all work that was enqueued before.
  std::vector<Counters> counters() const;

  const Device& device() const { return *device_; }

 private:
  template <class... Arguments>
  void launch_on(void* stream, const char* name, std::uint64_t threads, Arguments... arguments) const;
  template <class... Arguments>
  void launch(const char* name, std::uint64_t threads, Arguments... arguments) const;
  Buffer cleared_findings() const;
  harness::Comparison read_findings(const Buffer& findings, std::uint64_t compared) const;

  const Device* device_;
  void* module_ = nullptr;
};

}  // namespace envforge::validator::gpu
