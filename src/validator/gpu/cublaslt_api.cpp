#include "gpu/cublaslt_api.hpp"

#include <algorithm>

#include "gpu/cublas_api.hpp"
#include "harness/check.hpp"

namespace envforge::validator::gpu {

using numbers::Type;

namespace {

// Bytes from one scale to the next. cuBLASLt 13.1 refuses one that lies four bytes behind another ("not supported").
constexpr std::size_t kScaleStride = 256;

}  // namespace

CublasLt::CublasLt(ImageLibraries& libraries) : library_(libraries.open("libcublasLt", {"13", "12", "11"})) {
  library_.bind(api_.cublasLtGetVersion, "cublasLtGetVersion");
  library_.bind(api_.cublasLtGetStatusString, "cublasLtGetStatusString");
  library_.bind(api_.cublasLtCreate, "cublasLtCreate");
  library_.bind(api_.cublasLtDestroy, "cublasLtDestroy");
  library_.bind(api_.cublasLtMatmulDescCreate, "cublasLtMatmulDescCreate");
  library_.bind(api_.cublasLtMatmulDescDestroy, "cublasLtMatmulDescDestroy");
  library_.bind(api_.cublasLtMatmulDescSetAttribute, "cublasLtMatmulDescSetAttribute");
  library_.bind(api_.cublasLtMatrixLayoutCreate, "cublasLtMatrixLayoutCreate");
  library_.bind(api_.cublasLtMatrixLayoutDestroy, "cublasLtMatrixLayoutDestroy");
  library_.bind(api_.cublasLtMatmulPreferenceCreate, "cublasLtMatmulPreferenceCreate");
  library_.bind(api_.cublasLtMatmulPreferenceDestroy, "cublasLtMatmulPreferenceDestroy");
  library_.bind(api_.cublasLtMatmulPreferenceSetAttribute, "cublasLtMatmulPreferenceSetAttribute");
  library_.bind(api_.cublasLtMatmulAlgoGetHeuristic, "cublasLtMatmulAlgoGetHeuristic");
  library_.bind(api_.cublasLtMatmul, "cublasLtMatmul");
}

CublasLt::~CublasLt() {
  if (handle_ != nullptr) api_.cublasLtDestroy(handle_);
}

// 120405 is 12.4.5; CUDA 11 had a digit less for minor and patch.
std::string CublasLt::version() const {
  const auto number = api_.cublasLtGetVersion();
  if (number < 120000) return "";
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
}

void CublasLt::start(ImageLibraries& libraries) {
  if (handle_ != nullptr) return;
  check(api_.cublasLtCreate(&handle_), "cublasLtCreate");
  libraries.report(library_, "cublasLtCreate", version());
}

void CublasLt::check(int status, const std::string& call) const {
  if (status == 0) return;
  throw harness::Failure(
      call + ": " + api_.cublasLtGetStatusString(status) + " (cuBLASLt " + version() + ")", protocol::Layer::kImage,
      library_.name(),
      "cublas and cublasLt of one release must lie together; `envforge verify --gpus none` names the odd one");
}

ScaledProduct::ScaledProduct(const CublasLt& lt, const Device& device, int m, int n, int k, Type output, float scale_a,
                             float scale_b)
    : lt_(&lt), scales_(device, 2 * kScaleStride) {
  scales_.write(&scale_a, sizeof scale_a);
  scales_.write(&scale_b, sizeof scale_b, kScaleStride);
  const CublasLtApi& api = lt.api();
  const auto wide = [](int size) { return static_cast<std::uint64_t>(size); };
  lt.check(api.cublasLtMatmulDescCreate(&descriptor_, kCublasCompute32F, kCudaR32F), "cublasLtMatmulDescCreate");
  const auto set = [&](int attribute, const void* value, std::size_t bytes) {
    lt.check(api.cublasLtMatmulDescSetAttribute(descriptor_, attribute, value, bytes),
             "cublasLtMatmulDescSetAttribute");
  };
  // By columns, as cuBLASLt counts, C' = B A': its first operand is B, stored k x n, and has to be turned.
  const int turned = kCublasOpT;
  set(kLtDescTransposeA, &turned, sizeof turned);
  const std::uint64_t of_a = scales_.address(), of_b = scales_.address() + kScaleStride;
  set(kLtDescScaleA, &of_b, sizeof of_b);
  set(kLtDescScaleB, &of_a, sizeof of_a);
  const auto layout = [&](void** out, int type, int rows, int columns) {
    lt.check(api.cublasLtMatrixLayoutCreate(out, type, wide(rows), wide(columns), rows), "cublasLtMatrixLayoutCreate");
  };
  layout(&b_, kCudaR8FE4m3, k, n);
  layout(&a_, kCudaR8FE4m3, k, m);
  layout(&c_, cuda_data_type(output), n, m);
  choose(device);
}

void ScaledProduct::choose(const Device& device) {
  const CublasLtApi& api = lt_->api();
  constexpr std::size_t kMostWorkspace = 32U << 20;  // what torch gives it on Hopper
  const std::size_t room = std::min(kMostWorkspace, device.free_bytes() / 4);
  void* preference = nullptr;
  lt_->check(api.cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
  int found = 0;
  int status = api.cublasLtMatmulPreferenceSetAttribute(preference, kLtPreferenceWorkspaceBytes, &room, sizeof room);
  if (status == 0) {
    status =
        api.cublasLtMatmulAlgoGetHeuristic(lt_->handle(), descriptor_, b_, a_, c_, c_, preference, 1, &chosen_, &found);
  }
  api.cublasLtMatmulPreferenceDestroy(preference);
  lt_->check(status, "cublasLtMatmulAlgoGetHeuristic for fp8 e4m3");
  if (found == 0 || chosen_.status != 0) {
    throw harness::Failure("cuBLASLt " + lt_->version() + " proposes no algorithm for an fp8 product",
                           protocol::Layer::kImage, "cublasLtMatmulAlgoGetHeuristic",
                           "install a newer CUDA in the image");
  }
  if (chosen_.workspace_bytes > 0) workspace_ = Buffer(device, chosen_.workspace_bytes);
}

ScaledProduct::~ScaledProduct() {
  const CublasLtApi& api = lt_->api();
  for (void* layout : {a_, b_, c_}) {
    if (layout != nullptr) api.cublasLtMatrixLayoutDestroy(layout);
  }
  if (descriptor_ != nullptr) api.cublasLtMatmulDescDestroy(descriptor_);
}

void ScaledProduct::run(float alpha, const Buffer& a, const Buffer& b, const Buffer& c) const {
  const float zero = 0;
  lt_->check(lt_->api().cublasLtMatmul(lt_->handle(), descriptor_, &alpha, b.pointer(), b_, a.pointer(), a_, &zero,
                                       c.pointer(), c_, c.pointer(), c_, &chosen_.algorithm, workspace_.pointer(),
                                       workspace_.bytes(), nullptr),
             "cublasLtMatmul in fp8 e4m3");
}

}  // namespace envforge::validator::gpu
