#include "gpu/cudnn_graph.hpp"

#include <algorithm>
#include <array>

#include "harness/check.hpp"

namespace envforge::validator::gpu {
namespace backend {

Descriptor::Descriptor(const Cudnn& cudnn, Constant kind) : cudnn_(&cudnn) {
  cudnn.check(cudnn.api().cudnnBackendCreateDescriptor(kind, &raw_), "cudnnBackendCreateDescriptor");
}

Descriptor::~Descriptor() {
  if (raw_ != nullptr) cudnn_->api().cudnnBackendDestroyDescriptor(raw_);
}

void Descriptor::set(Constant name, Constant type, std::int64_t count, const void* values) const {
  cudnn_->check(cudnn_->api().cudnnBackendSetAttribute(raw_, name, type, count, values),
                "cudnnBackendSetAttribute " + std::to_string(name));
}

void Descriptor::set_numbers(Constant name, const std::vector<std::int64_t>& values) const {
  set(name, kTypeInt64, static_cast<std::int64_t>(values.size()), values.data());
}

void Descriptor::set_descriptor(Constant name, const Descriptor& value) const {
  set(name, kTypeDescriptor, 1, &value.raw_);
}

void Descriptor::set_handle(Constant name) const {
  void* handle = cudnn_->handle();
  set(name, kTypeHandle, 1, &handle);
}

}  // namespace backend

namespace {

using backend::Constant;
using backend::Descriptor;
using numbers::Operation;
using numbers::OperationKind;
using numbers::Type;

using Numbers = std::vector<std::int64_t>;

// The tensors' names inside a graph.
constexpr std::int64_t kX = 1, kWeights = 2, kY = 3;

void finish(const Cudnn& cudnn, const Descriptor& descriptor, const char* what) {
  cudnn.check(descriptor.finalize(), std::string("cudnnBackendFinalize of ") + what);
}

// Pictures without depth have four dimensions, as torch hands them over.
Numbers directions(const Operation& o, const int (&values)[3]) {
  const bool flat = o.in[0] == 1 && o.window[0] == 1;
  return flat ? Numbers{values[1], values[2]} : Numbers{values[0], values[1], values[2]};
}

Descriptor tensor(const Cudnn& cudnn, std::int64_t id, Type type, std::int64_t outer, std::int64_t channels,
                  const Numbers& extents, bool channels_last) {
  Numbers sizes{outer, channels};
  sizes.insert(sizes.end(), extents.begin(), extents.end());
  Numbers strides(sizes.size());
  std::int64_t step = channels_last ? channels : 1;
  for (std::size_t d = sizes.size() - 1; d >= 2; --d) {
    strides[d] = step;
    step *= sizes[d];
  }
  strides[1] = channels_last ? 1 : step;
  strides[0] = channels_last ? step : step * channels;
  Descriptor descriptor(cudnn, backend::kTensor);
  const int data = cudnn_type(type);
  descriptor.set(backend::kTensorType, backend::kTypeDataType, 1, &data);
  descriptor.set_numbers(backend::kTensorSizes, sizes);
  descriptor.set_numbers(backend::kTensorStrides, strides);
  descriptor.set_numbers(backend::kTensorId, {id});
  descriptor.set_numbers(backend::kTensorAlignment, {16});
  finish(cudnn, descriptor, "a tensor");
  return descriptor;
}

Descriptor convolution(const Cudnn& cudnn, const Operation& o) {
  Descriptor descriptor(cudnn, backend::kConvolution);
  const int single = kCudnnFloat, mode = kCudnnCrossCorrelation;
  const Numbers pads = directions(o, o.pad);
  descriptor.set(backend::kConvolutionComputeType, backend::kTypeDataType, 1, &single);
  descriptor.set(backend::kConvolutionMode, backend::kTypeConvolutionMode, 1, &mode);
  descriptor.set_numbers(backend::kConvolutionDirections, {static_cast<std::int64_t>(pads.size())});
  descriptor.set_numbers(backend::kConvolutionPrePaddings, pads);
  descriptor.set_numbers(backend::kConvolutionPostPaddings, pads);
  descriptor.set_numbers(backend::kConvolutionStrides, directions(o, o.stride));
  descriptor.set_numbers(backend::kConvolutionDilations, Numbers(pads.size(), 1));
  finish(cudnn, descriptor, "a convolution");
  return descriptor;
}

/// Which attributes the three operations give their parts.
struct Names {
  Constant kind, how, x, weights, y, alpha, beta;
};
Names names_of(OperationKind kind) {
  using namespace backend;
  switch (kind) {
    case OperationKind::kForward:
      return {kForwardOperation, kForwardConvolution, kForwardX,   kForwardWeights,
              kForwardY,         kForwardAlpha,       kForwardBeta};
    case OperationKind::kDataGradient:
      return {kDataGradientOperation, kDataConvolution, kDataDx, kDataWeights, kDataDy, kDataAlpha, kDataBeta};
    default:
      return {kWeightGradientOperation, kWeightConvolution, kWeightX, kWeightDw, kWeightDy, kWeightAlpha, kWeightBeta};
  }
}

// Everything that the graph is made of, the graph itself last.
std::vector<Descriptor> graph(const Cudnn& cudnn, const Operation& o, Type type) {
  const bool last = o.channels_last != 0;
  const int outs[3] = {o.out(0), o.out(1), o.out(2)};
  std::vector<Descriptor> parts;
  parts.push_back(tensor(cudnn, kX, type, o.n, o.c, directions(o, o.in), last));
  parts.push_back(tensor(cudnn, kWeights, type, o.k, o.c / o.groups, directions(o, o.window), last));
  parts.push_back(tensor(cudnn, kY, type, o.n, o.k, directions(o, outs), last));
  parts.push_back(convolution(cudnn, o));
  const Names names = names_of(o.kind);
  Descriptor operation(cudnn, names.kind);
  operation.set_descriptor(names.x, parts[0]);
  operation.set_descriptor(names.weights, parts[1]);
  operation.set_descriptor(names.y, parts[2]);
  operation.set_descriptor(names.how, parts[3]);
  const float one = 1, zero = 0;
  operation.set(names.alpha, backend::kTypeFloat, 1, &one);
  operation.set(names.beta, backend::kTypeFloat, 1, &zero);
  finish(cudnn, operation, "the operation");
  parts.push_back(std::move(operation));
  Descriptor whole(cudnn, backend::kOperationGraph);
  whole.set_handle(backend::kGraphHandle);
  whole.set_descriptor(backend::kGraphOperations, parts.back());
  finish(cudnn, whole, "the graph");
  parts.push_back(std::move(whole));
  return parts;
}

// Best first, by cuDNN's own judgement; none is an answer.
std::vector<Descriptor> configurations(const Cudnn& cudnn, const Descriptor& of, Constant mode) {
  constexpr std::int64_t kMost = 24;
  std::vector<Descriptor> out;
  const Descriptor heuristics(cudnn, backend::kHeuristics);
  heuristics.set_descriptor(backend::kHeuristicsGraph, of);
  const int number = mode;
  heuristics.set(backend::kHeuristicsMode, backend::kTypeHeuristicsMode, 1, &number);
  if (heuristics.finalize() != 0) return out;
  std::vector<void*> raw;
  for (std::int64_t i = 0; i < kMost; ++i) {
    out.emplace_back(cudnn, backend::kEngineConfiguration);
    raw.push_back(out.back().raw());
  }
  std::int64_t count = 0;
  if (cudnn.api().cudnnBackendGetAttribute(heuristics.raw(), backend::kHeuristicsResults, backend::kTypeDescriptor,
                                           kMost, &count, raw.data()) != 0) {
    count = 0;
  }
  while (static_cast<std::int64_t>(out.size()) > count) out.pop_back();
  return out;
}

struct Engine {
  std::int64_t index = -1;
  bool tensor_cores = false;
  bool plain = true;  // sums products of its inputs, in single precision
};

Engine engine_of(const Cudnn& cudnn, const Descriptor& configuration) {
  // As many notes as 8.0 knew; what came later does not matter here.
  constexpr std::int64_t kMost = 9;
  Engine engine;
  const Descriptor descriptor(cudnn, backend::kEngine);
  void* raw = descriptor.raw();
  std::int64_t count = 0;
  const auto& get = cudnn.api().cudnnBackendGetAttribute;
  cudnn.check(get(configuration.raw(), backend::kConfigurationEngine, backend::kTypeDescriptor, 1, &count, &raw),
              "cudnnBackendGetAttribute of an engine");
  cudnn.check(get(raw, backend::kEngineIndex, backend::kTypeInt64, 1, &count, &engine.index),
              "cudnnBackendGetAttribute of an engine's number");
  std::array<int, kMost> notes{};
  cudnn.check(get(raw, backend::kEngineNotes, backend::kTypeNote, kMost, &count, notes.data()),
              "cudnnBackendGetAttribute of an engine's notes");
  for (std::int64_t i = 0; i < std::min(count, kMost); ++i) {
    const int note = notes[static_cast<std::size_t>(i)];
    if (note == backend::kNoteTensorCore) engine.tensor_cores = true;
    if (note == backend::kNoteDownConvert || note == backend::kNoteReducedReduction || note == backend::kNoteFft ||
        (note >= backend::kNoteWinograd && note <= backend::kNoteWinogradLast)) {
      engine.plain = false;
    }
  }
  return engine;
}

bool fits(const Engine& engine, Type type, Products products) {
  if (!engine.plain) return false;
  if (products == Products::kTf32) return engine.tensor_cores;
  return type != Type::kFp32 || !engine.tensor_cores;
}

}  // namespace

std::optional<GraphConvolution> GraphConvolution::plan(const Cudnn& cudnn, const Device& device,
                                                       const Operation& operation, Type type, Products products) {
  auto found = plans(cudnn, device, operation, type, products, 1);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<GraphConvolution> GraphConvolution::plans(const Cudnn& cudnn, const Device& device,
                                                      const Operation& operation, Type type, Products products,
                                                      std::size_t most) {
  std::vector<GraphConvolution> out;
  for (const Constant mode : {backend::kHeuristicsInstant, backend::kHeuristicsFallback}) {
    // Of each plan its own parts: it keeps them.
    for (std::size_t next = 0; out.size() < most; ++next) {
      std::vector<Descriptor> parts = graph(cudnn, operation, type);
      std::vector<Descriptor> all = configurations(cudnn, parts.back(), mode);
      if (next >= all.size()) break;
      Descriptor& configuration = all[next];
      const Engine engine = engine_of(cudnn, configuration);
      if (!fits(engine, type, products)) continue;
      Descriptor execution(cudnn, backend::kExecutionPlan);
      execution.set_handle(backend::kPlanHandle);
      execution.set_descriptor(backend::kPlanConfiguration, configuration);
      if (execution.finalize() != 0) continue;
      std::int64_t bytes = 0, count = 0;
      cudnn.check(cudnn.api().cudnnBackendGetAttribute(execution.raw(), backend::kPlanWorkspace, backend::kTypeInt64, 1,
                                                       &count, &bytes),
                  "cudnnBackendGetAttribute of a workspace");
      if (static_cast<std::size_t>(bytes) > device.free_bytes() / 4) continue;
      Buffer workspace;
      if (bytes > 0) workspace = Buffer(device, static_cast<std::size_t>(bytes));
      parts.push_back(std::move(configuration));
      parts.push_back(std::move(execution));
      out.push_back(GraphConvolution(
          cudnn, std::move(parts), std::move(workspace),
          "engine " + std::to_string(engine.index) + (engine.tensor_cores ? ", tensor cores" : ", no tensor cores"),
          operation.kind));
    }
  }
  return out;
}

void GraphConvolution::bind(const Buffer& a, const Buffer& b, const Buffer& out) {
  pack_.emplace(*cudnn_, backend::kVariantPack);
  pack_->set_numbers(backend::kPackIds, kind_ == OperationKind::kForward        ? Numbers{kX, kWeights, kY}
                                        : kind_ == OperationKind::kDataGradient ? Numbers{kY, kWeights, kX}
                                                                                : Numbers{kX, kY, kWeights});
  void* const pointers[] = {a.pointer(), b.pointer(), out.pointer()};
  pack_->set(backend::kPackPointers, backend::kTypePointer, 3, pointers);
  void* const workspace = workspace_.pointer();
  pack_->set(backend::kPackWorkspace, backend::kTypePointer, 1, &workspace);
  finish(*cudnn_, *pack_, "the pointers");
}

void GraphConvolution::run() const {
  cudnn_->check(cudnn_->api().cudnnBackendExecute(cudnn_->handle(), parts_.back().raw(), pack_->raw()),
                "cudnnBackendExecute");
}

}  // namespace envforge::validator::gpu
