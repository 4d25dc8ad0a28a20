// As much of ATen as the judging functions of the group torch use (checks/torch/parts.hpp, tensors.hpp), on the host: a
// test can then hold them against wrong outputs where there is no torch.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace c10 {

enum class ScalarType { Float, Double, Long };
struct Device {};

inline bool isIntegralType(ScalarType type, bool) {
  return type == ScalarType::Long;
}

}  // namespace c10

namespace at {

using c10::ScalarType;
constexpr ScalarType kFloat = ScalarType::Float, kDouble = ScalarType::Double, kLong = ScalarType::Long;
enum class DeviceType { CPU };
constexpr DeviceType kCPU = DeviceType::CPU;

class Scalar {
 public:
  explicit Scalar(double value) : value_(value) {}
  explicit Scalar(std::int64_t value) : value_(static_cast<double>(value)) {}
  double value() const { return value_; }

 private:
  double value_;
};

struct TensorOptions {
  ScalarType type = kFloat;
  TensorOptions dtype(ScalarType wanted) const { return {wanted}; }
};

/// A view with strides of shared storage, as torch's is.
class Tensor {
 public:
  Tensor(std::vector<std::int64_t> sizes, ScalarType type)
      : type_(type), sizes_(std::move(sizes)), strides_(sizes_.size()) {
    std::int64_t stride = 1;
    for (std::size_t d = sizes_.size(); d-- > 0; stride *= sizes_[d]) strides_[d] = stride;
    storage_ = std::make_shared<std::vector<std::uint64_t>>(static_cast<std::size_t>(numel()));
  }

  std::int64_t dim() const { return static_cast<std::int64_t>(sizes_.size()); }
  std::int64_t size(std::int64_t d) const { return sizes_[static_cast<std::size_t>(d)]; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  std::int64_t numel() const {
    std::int64_t count = 1;
    for (const auto size : sizes_) count *= size;
    return count;
  }
  ScalarType scalar_type() const { return type_; }
  template <class T>
  T* data_ptr() const {
    return reinterpret_cast<T*>(storage_->data()) + offset_;
  }

  Tensor detach() const { return *this; }
  Tensor cpu() const { return *this; }
  Tensor to(DeviceType) const { return *this; }
  Tensor to(c10::Device) const { return *this; }
  Tensor to(ScalarType type) const {
    Tensor out(sizes_, type);
    for (std::int64_t i = 0; i < numel(); ++i) out.put(i, at(i));
    return out;
  }
  Tensor contiguous() const { return to(type_); }
  Tensor clone() const { return to(type_); }
  Tensor select(std::int64_t d, std::int64_t index) const {
    Tensor out = narrow(d, index, 1);
    out.sizes_.erase(out.sizes_.begin() + d);
    out.strides_.erase(out.strides_.begin() + d);
    return out;
  }
  Tensor narrow(std::int64_t d, std::int64_t start, std::int64_t length) const {
    Tensor out = *this;
    out.offset_ += start * strides_[static_cast<std::size_t>(d)];
    out.sizes_[static_cast<std::size_t>(d)] = length;
    return out;
  }
  Tensor transposed() const {
    Tensor out = *this;
    std::swap(out.sizes_.at(0), out.sizes_.at(1));
    std::swap(out.strides_.at(0), out.strides_.at(1));
    return out;
  }
  Tensor view(const std::vector<std::int64_t>&) const {
    Tensor out = *this;
    out.sizes_ = {numel()};
    out.strides_ = {1};
    return out;
  }
  void add_(const Scalar& by) const {
    for (std::int64_t i = 0; i < numel(); ++i) put(i, at(i) + by.value());
  }
  void copy_(const Tensor& from) const {
    for (std::int64_t i = 0; i < numel(); ++i) put(i, from.at(i));
  }
  double at(std::int64_t i) const {
    const auto place = place_of(i);
    if (type_ == kFloat) return reinterpret_cast<float*>(storage_->data())[place];
    if (type_ == kDouble) return reinterpret_cast<double*>(storage_->data())[place];
    return static_cast<double>(reinterpret_cast<std::int64_t*>(storage_->data())[place]);
  }
  void put(std::int64_t i, double value) const {
    const auto place = place_of(i);
    if (type_ == kFloat) {
      reinterpret_cast<float*>(storage_->data())[place] = static_cast<float>(value);
    } else if (type_ == kDouble) {
      reinterpret_cast<double*>(storage_->data())[place] = value;
    } else {
      reinterpret_cast<std::int64_t*>(storage_->data())[place] = static_cast<std::int64_t>(value);
    }
  }

 private:
  std::int64_t place_of(std::int64_t i) const {
    std::int64_t place = offset_;
    for (std::size_t d = sizes_.size(); d-- > 0; i /= sizes_[d]) place += i % sizes_[d] * strides_[d];
    return place;
  }

  ScalarType type_;
  std::vector<std::int64_t> sizes_, strides_;
  std::int64_t offset_ = 0;
  std::shared_ptr<std::vector<std::uint64_t>> storage_;
};

inline Tensor empty(const std::vector<std::int64_t>& sizes, const TensorOptions& options) {
  return {sizes, options.type};
}

}  // namespace at
