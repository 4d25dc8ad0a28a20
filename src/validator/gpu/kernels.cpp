#include "gpu/kernels.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernel_text.hpp"

namespace envforge::validator::gpu {
namespace {

using harness::Comparison;
using numbers::Type;
using numbers::U64;

constexpr unsigned int kBlock = 128;

}  // namespace

std::string kernel_source() {
  return std::string(kElementText) + kKernelText;
}

std::string operation_source() {
  return std::string(kElementText) + kOperationText + kOperationKernelText;
}

Source source_of(const protocol::Operand& operand, std::uint64_t seed) {
  return {numbers::stream_base(seed, operand.stream), operand.amplitude, numbers::type_from(operand.type)};
}

Source shifted(Source source, std::uint64_t offset) {
  source.base = numbers::base_from(source.base, offset);
  return source;
}

std::function<std::vector<std::uint64_t>(const std::vector<std::uint64_t>&)> elements_of(const Buffer& buffer,
                                                                                         Type type) {
  return [&buffer, type](const std::vector<std::uint64_t>& indices) {
    const int bytes = numbers::bytes_of(type);
    std::vector<std::uint64_t> bits;
    for (const auto index : indices) bits.push_back(buffer.peek(index * static_cast<std::uint64_t>(bytes), bytes));
    return bits;
  };
}

Comparison both(const Comparison& a, const Comparison& b) {
  return {a.compared + b.compared, a.wrong + b.wrong, std::max(a.worst, b.worst), a.first.empty() ? b.first : a.first};
}

Kernels::Kernels(const Device& device, const std::string& cubin) : device_(&device) {
  device.api().check(device.api().cuModuleLoadData(&module_, cubin.data()), "cuModuleLoadData of our kernels");
}

Kernels::~Kernels() {
  device_->api().cuModuleUnload(module_);
}

// Every argument is passed by the address of a copy with exactly the type that the kernel declares.
template <class... Arguments>
void Kernels::launch_on(void* stream, const char* name, std::uint64_t threads, Arguments... arguments) const {
  const CudaApi& api = device_->api();
  void* function = nullptr;
  api.check(api.cuModuleGetFunction(&function, module_, name), std::string("cuModuleGetFunction(") + name + ")");
  void* addresses[] = {static_cast<void*>(&arguments)...};
  const std::uint64_t blocks = std::clamp<std::uint64_t>((threads + kBlock - 1) / kBlock, 1, 1U << 20);
  api.check(api.cuLaunchKernel(function, static_cast<unsigned int>(blocks), 1, 1, kBlock, 1, 1, 0, stream, addresses,
                               nullptr),
            std::string("launch of ") + name);
}

template <class... Arguments>
void Kernels::launch(const char* name, std::uint64_t threads, Arguments... arguments) const {
  launch_on(nullptr, name, threads, arguments...);
}

Buffer Kernels::cleared_findings() const {
  return upload(*device_, std::vector<std::uint64_t>{0, ~std::uint64_t{0}, 0});
}

Comparison Kernels::read_findings(const Buffer& findings, std::uint64_t compared) const {
  device_->synchronize();
  std::uint64_t words[3];
  findings.read(words, sizeof words);
  Comparison out;
  out.compared = compared;
  out.wrong = words[0];
  std::memcpy(&out.worst, &words[2], sizeof out.worst);
  if (out.wrong > 0) {
    out.first =
        "the first is element " + std::to_string(words[1]) + ", the largest difference " + std::to_string(out.worst);
  }
  return out;
}

void Kernels::fill(const View& out, std::uint64_t count, const Source& source) const {
  launch("fill", count, U64{out.address}, U64{count}, source.base, source.amplitude, static_cast<int>(source.type));
}

Comparison Kernels::compare_fill(const View& out, std::uint64_t count, const Source& source) const {
  const Buffer found = cleared_findings();
  launch("compare_fill", count, U64{out.address}, U64{count}, source.base, source.amplitude,
         static_cast<int>(source.type), found.address());
  return read_findings(found, count);
}

void Kernels::change_words(const View& words, const WordChange& change, void* stream) const {
  launch_on(stream, "change_words", words.bytes / 4, U64{words.address}, U64{words.bytes / 4}, change.factor,
            change.term);
}

Comparison Kernels::compare_words(const View& words, const Source& source, const WordChange& change) const {
  const Buffer found = cleared_findings();
  launch("compare_words", words.bytes / 4, U64{words.address}, U64{words.bytes / 4}, source.base, change.factor,
         change.term, found.address());
  return read_findings(found, words.bytes / 4);
}

std::vector<Counters> Kernels::counters() const {
  constexpr std::uint64_t kSlots = 1024;  // more than any GPU has, for numbers may be left out
  constexpr std::uint64_t kWords = 3;
  const Buffer out = upload(*device_, std::vector<std::uint64_t>(kSlots * kWords));
  // Two blocks for each multiprocessor, so that next to all get one.
  launch("read_counters", 2 * kBlock * static_cast<std::uint64_t>(device_->multiprocessors()), out.address(),
         U64{kSlots});
  device_->synchronize();
  std::vector<std::uint64_t> words(kSlots * kWords);
  out.read(words.data(), words.size() * sizeof words[0]);
  std::vector<Counters> found(kSlots);
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i] = {words[kWords * i] > 0, words[kWords * i + 1], words[kWords * i + 2]};
  }
  return found;
}

void Kernels::linger(const View& scratch, std::uint64_t rounds, void* stream) const {
  launch_on(stream, "linger", 1, U64{scratch.address}, U64{rounds});
}

Buffer Kernels::reference_lines(const std::vector<std::uint64_t>& list, std::uint64_t count, std::uint64_t terms,
                                const Lines& x, const Lines& y) const {
  const Buffer lines = upload(*device_, list);
  Buffer out(*device_, list.size() * count * sizeof(double));
  const std::uint64_t tiles = (list.size() + 3) / 4 * ((count + 3) / 4);
  launch("reference_lines", tiles, out.address(), lines.address(), U64{list.size()}, U64{count}, U64{terms},
         x.source.base, x.source.amplitude, static_cast<int>(x.source.type), U64{x.row}, U64{x.step}, y.source.base,
         y.source.amplitude, static_cast<int>(y.source.type), U64{y.row}, U64{y.step});
  device_->synchronize();  // `lines` must live until then
  return out;
}

Comparison Kernels::compare_lines(const Buffer& reference, const Buffer& out, const std::vector<std::uint64_t>& list,
                                  std::uint64_t count, std::uint64_t row, std::uint64_t step, Type type,
                                  const Bound& bound) const {
  const Buffer lines = upload(*device_, list);
  const Buffer found = cleared_findings();
  launch("compare_lines", list.size() * count, reference.address(), out.address(), lines.address(), U64{list.size()},
         U64{count}, U64{row}, U64{step}, static_cast<int>(type), bound.relative, bound.absolute, found.address());
  return read_findings(found, list.size() * count);
}

Buffer Kernels::reference_convolution(const std::vector<std::uint64_t>& indices, const numbers::Convolution& shape,
                                      const Source& x, const Source& weights) const {
  const Buffer list = upload(*device_, indices);
  Buffer out(*device_, indices.size() * sizeof(double));
  const auto narrow = [](std::int64_t n) { return static_cast<int>(n); };
  launch("reference_convolution", indices.size(), out.address(), list.address(), U64{indices.size()}, narrow(shape.h),
         narrow(shape.w), narrow(shape.c), narrow(shape.k), narrow(shape.r), narrow(shape.s), narrow(shape.pad),
         narrow(shape.stride), narrow(shape.out_h()), narrow(shape.out_w()), x.base, x.amplitude,
         static_cast<int>(x.type), weights.base, weights.amplitude, static_cast<int>(weights.type));
  device_->synchronize();
  return out;
}

Buffer Kernels::reference_operation(const std::vector<std::uint64_t>& indices, const numbers::Operation& operation,
                                    const Source& a, const Source& b) const {
  const Buffer list = upload(*device_, indices);
  Buffer out(*device_, indices.size() * sizeof(double));
  launch("reference_operation", indices.size(), out.address(), list.address(), U64{indices.size()}, operation,
         numbers::Stream{a.base, a.amplitude, a.type}, numbers::Stream{b.base, b.amplitude, b.type});
  device_->synchronize();
  return out;
}

Comparison Kernels::compare_collective(const Buffer& buffer, std::uint64_t byte_offset,
                                       const protocol::Problem& problem, std::uint64_t seed) const {
  const Buffer found = cleared_findings();
  const auto size = [&](const char* name) { return static_cast<U64>(problem.sizes.at(name)); };
  launch("compare_collective", problem.elements, buffer.address() + byte_offset, U64{problem.elements}, U64{seed},
         U64{problem.a.stream}, static_cast<int>(size("terms")), size("block"), size("offset"), problem.a.amplitude,
         static_cast<int>(numbers::type_from(problem.output_type)), found.address());
  return read_findings(found, problem.elements);
}

void Kernels::fill_at(const Buffer& out, std::uint64_t byte_offset, std::uint64_t count, const Source& source) const {
  launch("fill", count, out.address() + byte_offset, U64{count}, source.base, source.amplitude,
         static_cast<int>(source.type));
}

Comparison Kernels::freivalds(const Buffer& c, Type type, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                              const Source& a, const Source& b, double bound, U64 vector_base) const {
  const Buffer v(*device_, n * sizeof(double));
  const Buffer bv(*device_, k * sizeof(double));
  const Buffer abv(*device_, m * sizeof(double));
  const Buffer cv(*device_, m * sizeof(double));
  const Buffer found = cleared_findings();
  launch("signs", n, v.address(), U64{n}, vector_base);
  launch("times_generated", k, bv.address(), v.address(), U64{k}, U64{n}, b.base, b.amplitude,
         static_cast<int>(b.type));
  launch("times_generated", m, abv.address(), bv.address(), U64{m}, U64{k}, a.base, a.amplitude,
         static_cast<int>(a.type));
  launch("times_stored", m, cv.address(), v.address(), U64{m}, U64{n}, c.address(), static_cast<int>(type));
  launch("compare_vectors", m, abv.address(), cv.address(), U64{m}, bound, found.address());
  return read_findings(found, m);
}

Buffer Kernels::reference_transform(const std::vector<std::uint64_t>& indices, const numbers::Fourier& shape,
                                    const Source& source) const {
  const Buffer list = upload(*device_, indices);
  Buffer out(*device_, indices.size() * sizeof(double));
  launch("reference_transform", indices.size(), out.address(), list.address(), U64{indices.size()}, U64{shape.rows},
         U64{shape.columns}, shape.real ? 1 : 0, source.base, source.amplitude, static_cast<int>(source.type));
  device_->synchronize();
  return out;
}

Comparison Kernels::compare_scaled(const View& out, std::uint64_t count, const Source& source, double scale,
                                   double bound) const {
  const Buffer found = cleared_findings();
  launch("compare_scaled", count, U64{out.address}, U64{count}, source.base, source.amplitude,
         static_cast<int>(source.type), scale, bound, found.address());
  return read_findings(found, count);
}

double Kernels::energy(const View& values, std::uint64_t count, Type type, const numbers::Fourier* symmetric) const {
  constexpr std::uint64_t kThreads = 64 * kBlock;
  const Buffer sums(*device_, kThreads * sizeof(double));
  launch("energy", kThreads, sums.address(), U64{values.address}, U64{count}, static_cast<int>(type),
         U64{symmetric == nullptr ? 0 : 2 * symmetric->out_columns()},
         symmetric != nullptr && symmetric->columns % 2 == 0 ? 1 : 0);
  device_->synchronize();
  std::vector<double> parts(kThreads);
  sums.read(parts.data(), sums.bytes());
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

}  // namespace envforge::validator::gpu
