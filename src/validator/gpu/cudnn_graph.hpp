// Convolutions and their gradients through the graph interface of cuDNN 8 and 9, the one that torch calls for them. The
// only place that builds graphs. Batch norm, pooling and activations are in cudnn_layers.hpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gpu/cudnn_api.hpp"
#include "numbers/operation.hpp"

namespace envforge::validator::gpu {

namespace backend {

/// What the graph interface counts by number: kinds of descriptors, their attributes, the types of those, notes of
/// engines and modes of the heuristics. tests/abi compares each with the headers.
enum Constant : int {
  kTensor = 17,
  kConvolution = 1,
  kForwardOperation = 10,
  kWeightGradientOperation = 11,
  kDataGradientOperation = 12,
  kOperationGraph = 15,
  kHeuristics = 4,
  kEngine = 2,
  kEngineConfiguration = 3,
  kExecutionPlan = 5,
  kVariantPack = 16,
  kConvolutionComputeType = 100,
  kConvolutionMode = 101,
  kConvolutionDilations = 102,
  kConvolutionStrides = 103,
  kConvolutionPostPaddings = 104,
  kConvolutionPrePaddings = 105,
  kConvolutionDirections = 106,
  kHeuristicsMode = 200,
  kHeuristicsGraph = 201,
  kHeuristicsResults = 202,
  kConfigurationEngine = 300,
  kPlanHandle = 400,
  kPlanConfiguration = 401,
  kPlanWorkspace = 402,
  kForwardAlpha = 700,
  kForwardBeta = 701,
  kForwardConvolution = 702,
  kForwardWeights = 703,
  kForwardX = 704,
  kForwardY = 705,
  kDataAlpha = 706,
  kDataBeta = 707,
  kDataConvolution = 708,
  kDataWeights = 709,
  kDataDx = 710,
  kDataDy = 711,
  kWeightAlpha = 712,
  kWeightBeta = 713,
  kWeightConvolution = 714,
  kWeightDw = 715,
  kWeightX = 716,
  kWeightDy = 717,
  kGraphHandle = 800,
  kGraphOperations = 801,
  kTensorAlignment = 900,
  kTensorType = 901,
  kTensorSizes = 902,
  kTensorStrides = 903,
  kTensorId = 906,
  kPackIds = 1000,
  kPackPointers = 1001,
  kPackWorkspace = 1003,
  kEngineIndex = 1301,
  kEngineNotes = 1303,
  kTypeHandle = 0,
  kTypeDataType = 1,
  kTypeInt64 = 3,
  kTypeFloat = 4,
  kTypePointer = 6,
  kTypeConvolutionMode = 7,
  kTypeHeuristicsMode = 8,
  kTypeNote = 11,
  kTypeDescriptor = 15,
  kNoteTensorCore = 0,
  kNoteDownConvert = 1,
  kNoteReducedReduction = 2,
  kNoteFft = 3,
  kNoteWinograd = 5,
  kNoteWinogradLast = 8,
  kHeuristicsInstant = 0,
  kHeuristicsFallback = 2,
};

/// One descriptor of the graph interface.
class Descriptor {
 public:
  Descriptor(const Cudnn& cudnn, Constant kind);
  Descriptor(Descriptor&& other) noexcept : cudnn_(other.cudnn_), raw_(std::exchange(other.raw_, nullptr)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  void set(Constant name, Constant type, std::int64_t count, const void* values) const;
  void set_numbers(Constant name, const std::vector<std::int64_t>& values) const;
  void set_descriptor(Constant name, const Descriptor& value) const;
  void set_handle(Constant name) const;
  /// The status: a plan that cuDNN cannot make is an answer.
  int finalize() const { return cudnn_->api().cudnnBackendFinalize(raw_); }
  void* raw() const { return raw_; }

 private:
  const Cudnn* cudnn_;
  void* raw_ = nullptr;
};

}  // namespace backend

/// What a convolution may do with its inputs. Engines that transform (FFT, Winograd), convert inputs down or reduce in
/// less than single precision are never taken: their sums are not those of the products.
enum class Products {
  kAsTheyAre,  // fp32 stays fp32; fp16 and bf16 go wherever their products are exact
  kTf32,       // fp32 in memory, tensor cores round it to 10 bits of fraction: they must be used
};

/// One convolution or gradient, ready to run again and again on the same buffers.
class GraphConvolution {
 public:
  /// nullopt when cuDNN offers no engine that satisfies `products`, or none whose workspace fits.
  static std::optional<GraphConvolution> plan(const Cudnn& cudnn, const Device& device,
                                              const numbers::Operation& operation, numbers::Type type,
                                              Products products);

  /// The first `most` of them, best first by cuDNN's own judgement: to be timed.
  static std::vector<GraphConvolution> plans(const Cudnn& cudnn, const Device& device,
                                             const numbers::Operation& operation, numbers::Type type, Products products,
                                             std::size_t most);

  /// `a` and `b` in the order of numbers::operation_element.
  void bind(const Buffer& a, const Buffer& b, const Buffer& out);
  void run() const;
  /// "engine 36, tensor cores".
  const std::string& engine() const { return engine_; }

 private:
  GraphConvolution(const Cudnn& cudnn, std::vector<backend::Descriptor> parts, Buffer workspace, std::string engine,
                   numbers::OperationKind kind)
      : cudnn_(&cudnn),
        parts_(std::move(parts)),
        workspace_(std::move(workspace)),
        engine_(std::move(engine)),
        kind_(kind) {}

  const Cudnn* cudnn_;
  std::vector<backend::Descriptor> parts_;  // the plan last, before it what it was made of
  Buffer workspace_;
  std::string engine_;
  numbers::OperationKind kind_;
  std::optional<backend::Descriptor> pack_;
};

}  // namespace envforge::validator::gpu
