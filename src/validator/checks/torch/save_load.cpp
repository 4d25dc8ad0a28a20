// Proves: tensors of nine types, strided and empty ones come back from torch's file format bit for bit, with
//   their shapes, strides and device.
// Control: one bit of the archive is turned over; what is loaded from it must differ, or be refused.
// Suite: standard
#include <ATen/core/Dict.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <cstring>

#include "operators.hpp"
#include "parts.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Tensors = std::vector<at::Tensor>;

constexpr at::ScalarType kTypes[] = {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kChar,
                                     at::kByte,  at::kInt,    at::kLong, at::kBool};

struct Named {
  std::string name;
  at::Tensor tensor;
};

std::vector<Named> tensors_of(Operands& operands) {
  std::vector<Named> out;
  for (const at::ScalarType type : kTypes) {
    out.push_back({c10::toString(type), operands.integers({33, 7}, 100).tensor.to(type)});
  }
  const at::Tensor wide = operands.normal({12, 20}).tensor;
  out.push_back({"transposed", wide.t()});
  out.push_back({"a part of another", wide.slice(1, 3, 9)});
  out.push_back({"channels-last", operands.normal({2, 3, 4, 5}).tensor.contiguous(at::MemoryFormat::ChannelsLast)});
  out.push_back({"empty", wide.slice(0, 0, 0)});
  out.push_back({"a number", wide.sum()});
  return out;
}

std::string bytes_of(const at::Tensor& tensor) {
  const at::Tensor host = tensor.cpu().contiguous();
  return {static_cast<const char*>(host.data_ptr()), host.nbytes()};
}

harness::Comparison compare_bits(const at::Tensor& found, const at::Tensor& expected) {
  harness::Comparison out;
  out.compared = static_cast<std::uint64_t>(std::max<std::int64_t>(1, expected.numel()));
  const auto wrong = [&](const char* what) {
    out.wrong = 1;
    out.first = what;
    return out;
  };
  if (!found.defined()) return wrong("it did not come back");
  if (found.scalar_type() != expected.scalar_type()) return wrong("it has another type");
  if (found.sizes() != expected.sizes() || found.strides() != expected.strides())
    return wrong("it has another shape or other strides");
  if (found.device() != expected.device()) return wrong("it is on another device");
  if (bytes_of(found) != bytes_of(expected)) return wrong("its bits are others");
  return out;
}

class SaveLoad : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Operands operands(context.request().seed, session.device());
    const auto saved = tensors_of(operands);
    context.doing("torch::pickle_save" + session.where());
    c10::Dict<std::string, at::Tensor> all;
    for (const auto& one : saved) all.insert(one.name, one.tensor);
    const std::vector<char> archive = ::torch::jit::pickle_save(all);
    context.doing("torch::pickle_load" + session.where());
    load(archive);
    std::vector<Part> parts;
    for (const auto& one : saved) {
      const auto compare = [this, one] { return compare_bits(loaded(one.name), one.tensor); };
      if (one.tensor.numel() == 0) {
        // It has no bit to turn over; it must be there.
        parts.push_back(
            {one.name, compare, [this, one] { loaded_.erase(one.name); }, [this, archive] { load(archive); }});
        continue;
      }
      parts.push_back({one.name, compare, [this, one, archive] { load_damaged(archive, one); },
                       [this, archive] { load(archive); }});
    }
    result.summary = std::to_string(saved.size()) + " tensors, " + std::to_string(archive.size()) +
                     " bytes in torch's file format, came back bit for bit," + session.where();
    judge_each(result, parts);
  }

  // Each fault needs an archive of its own, so the parts are planted one after the other: what is wrong with any part
  // is noted when it is planted.
  void judge_each(protocol::CheckResult& result, const std::vector<Part>& parts) {
    std::vector<Part> noted;
    for (const Part& part : parts) {
      const auto found = std::make_shared<harness::Comparison>(part.compare());
      noted.push_back({part.name, [found] { return *found; },
                       [part, found] {
                         part.plant();
                         *found = part.compare();
                         part.undo();
                       },
                       [part, found] { *found = part.compare(); }});
    }
    judge_parts(result, noted, "one bit of each tensor turned over in the archive");
  }

  at::Tensor loaded(const std::string& name) const {
    const auto found = loaded_.find(name);
    return found == loaded_.end() ? at::Tensor() : found->second;
  }

  void load(const std::vector<char>& archive) {
    loaded_.clear();
    const c10::IValue value = ::torch::jit::pickle_load(archive);
    for (const auto& entry : value.toGenericDict()) loaded_[entry.key().toStringRef()] = entry.value().toTensor();
  }

  /// Of the archive with one bit of this tensor's first bytes turned over; nothing where torch refuses it.
  void load_damaged(const std::vector<char>& archive, const Named& one) {
    // As it lies in its storage: what the archive holds.
    const at::Tensor flat = one.tensor.as_strided({one.tensor.numel()}, {1});
    const std::string bytes = bytes_of(flat);
    const std::string part = bytes.substr(0, std::min<std::size_t>(bytes.size(), 24));
    std::vector<char> damaged = archive;
    const auto at = std::search(damaged.begin(), damaged.end(), part.begin(), part.end());
    if (at == damaged.end()) return;
    *at = static_cast<char>(*at ^ 1);
    try {
      load(damaged);
    } catch (const std::exception&) {  // c10::Error: the archive's own checksum
      loaded_.clear();
    }
  }

  std::map<std::string, at::Tensor> loaded_;
};

ENVFORGE_CHECK(SaveLoad);

}  // namespace
}  // namespace envforge::validator::checks::torch
