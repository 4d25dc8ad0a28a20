// A libtorch.so that breaks operators: it stands in a torch's folder in the place of the real one (which has no code of
// its own), and every operator that ENVFORGE_BROKEN_OPERATORS names ("aten::exp,aten::conv2d") gives one wrong element
// from then on. The operators themselves, the dispatcher and autograd are torch's own.
#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <cmath>
#include <cstdlib>
#include <string>

namespace {

bool is_broken(const std::string& name) {
  const char* broken = std::getenv("ENVFORGE_BROKEN_OPERATORS");
  return broken != nullptr && ("," + std::string(broken) + ",").find("," + name + ",") != std::string::npos;
}

template <class T>
void spoil(T& value) {
  value = static_cast<T>(static_cast<double>(value) + 1 + std::fabs(static_cast<double>(value)) / 8);
}

// Straight in its memory: an operator of torch would be recorded in its turn, and autograd would count a new version.
// Of double precision only what a backward pass gives: elsewhere it is the checks' own truth.
void spoil_one_element(const at::Tensor& tensor, bool backward) {
  const auto place = tensor.is_contiguous() ? tensor.numel() / 2 : 0;
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return spoil(tensor.data_ptr<float>()[place]);
    case at::kBFloat16:
      return spoil(tensor.data_ptr<at::BFloat16>()[place]);
    case at::kLong:
      return spoil(tensor.data_ptr<std::int64_t>()[place]);
    case at::kComplexFloat:
      return spoil(reinterpret_cast<float*>(tensor.data_ptr())[2 * place]);
    case at::kBool: {
      bool& value = tensor.data_ptr<bool>()[place];
      value = !value;
      return;
    }
    case at::kDouble:
      if (backward) spoil(tensor.data_ptr<double>()[place]);
      return;
    default:
      return;
  }
}

void after(const at::RecordFunction& call, at::ObserverContext*) {
  const std::string name = call.name();
  if (!is_broken(name)) return;
  for (const c10::IValue& output : call.outputs()) {
    if (output.isTensor() && output.toTensor().defined() && output.toTensor().numel() > 0)
      return spoil_one_element(output.toTensor(), name.find("backward") != std::string::npos);
  }
}

[[maybe_unused]] const auto kRegistered =
    at::addGlobalCallback(at::RecordFunctionCallback(nullptr, after).needsOutputs(true));

}  // namespace
