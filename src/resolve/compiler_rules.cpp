#include "compiler_rules.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

namespace envforge::resolve {
namespace {

using compat::cite;
using versions::Version;

Fit host_fit(const compat::Knowledge& knowledge, const compat::Base& base, const BuildOption& option) {
  const auto* toolkit = knowledge.toolkit(option.cuda);
  if (toolkit == nullptr || toolkit->host_gcc_max.empty() || base.gcc.empty()) return Fit::kUnknown;
  if (Version::of(base.gcc) <= Version::of(toolkit->host_gcc_max)) return Fit::kYes;
  const bool sure = !toolkit->evidence.is_unverified("host_gcc_max") && !base.evidence.is_unverified("gcc");
  return sure ? Fit::kNo : Fit::kUnknown;
}

Fact host_fact(const compat::Knowledge& knowledge, const compat::Base& base, const BuildOption& option) {
  const auto* toolkit = knowledge.toolkit(option.cuda);
  const std::string nvcc = "nvcc of CUDA " + option.cuda.text();
  if (toolkit == nullptr || toolkit->host_gcc_max.empty())
    return {"which g++ " + nvcc + " takes is not known to the data of " + knowledge.as_of(),
            toolkit == nullptr ? "" : cite(toolkit->evidence)};
  if (base.gcc.empty())
    return {"which g++ " + std::string(base.name) + " has is not known to the data of " + knowledge.as_of(),
            cite(base.evidence)};
  const bool sure = host_fit(knowledge, base, option) == Fit::kNo;
  return {nvcc + " takes g++ up to " + std::string(toolkit->host_gcc_max) + "; " + std::string(base.name) + " has " +
              std::string(base.gcc) + (sure ? "" : ", by rows that are not verified"),
          cite(toolkit->evidence, "host_gcc_max") + "; " + cite(base.evidence, "gcc")};
}

}  // namespace

Fit nvcc_fit(const compat::Knowledge& knowledge, const BuildOption& option) {
  const auto* row = knowledge.compiler(option.cuda);
  if (row == nullptr) return Fit::kUnknown;
  if (!row->wheels.empty()) return Fit::kYes;
  return row->evidence.is_unverified("wheels") ? Fit::kUnknown : Fit::kNo;
}

Fit compiler_fit(const compat::Knowledge& knowledge, const Candidate& candidate, const BuildOption& option) {
  const Fit nvcc = nvcc_fit(knowledge, option);
  return nvcc == Fit::kNo ? nvcc : std::max(nvcc, host_fit(knowledge, *candidate.base, option));
}

Fact compiler_fact(const compat::Knowledge& knowledge, const Candidate& candidate, const BuildOption& option) {
  const Fit nvcc = nvcc_fit(knowledge, option);
  const Fit host = host_fit(knowledge, *candidate.base, option);
  // What is known to be in the way is told before what is not known.
  if (nvcc == Fit::kYes || (nvcc == Fit::kUnknown && host == Fit::kNo))
    return host_fact(knowledge, *candidate.base, option);
  const auto* row = knowledge.compiler(option.cuda);
  const std::string cuda = "CUDA " + std::to_string(option.cuda.major());
  const std::string source = row == nullptr ? "" : cite(row->evidence, "wheels");
  if (nvcc == Fit::kUnknown)
    return {"whether a wheel brings nvcc for " + cuda + " is not known to the data of " + knowledge.as_of(), source};
  std::vector<std::string> others;
  for (const compat::CompilerWheels& other : knowledge.tables().compilers) {
    if (!other.wheels.empty()) others.push_back("CUDA " + std::to_string(other.major));
  }
  return {"no wheel of NVIDIA's brings nvcc for " + cuda +
              (others.empty() ? "" : "; those for " + support::join(others, ", ") + " do"),
          source};
}

Fit compiled_code_fit(const BuildOption& option, const compat::Architecture& gpu) {
  const auto sure = [&](const char* field, Fit no) { return gpu.evidence.is_unverified(field) ? Fit::kUnknown : no; };
  if (option.cuda < Version::of(gpu.first_cuda)) return sure("first_cuda", Fit::kNo);
  if (!gpu.last_cuda.empty() && option.cuda > Version::of(gpu.last_cuda)) return sure("last_cuda", Fit::kNo);
  return Fit::kYes;
}

Fact compiled_code_fact(const BuildOption& option, const PoolGpu& gpu) {
  const compat::Architecture& row = *gpu.match.architecture;
  const bool early = option.cuda < Version::of(row.first_cuda);
  return {"nvcc of CUDA " + option.cuda.text() + " makes no machine code for " + describe_gpu(gpu) + ": CUDA " +
              std::string(early ? row.first_cuda : row.last_cuda) + " is the " + (early ? "first" : "last") +
              " that does",
          cite(row.evidence, early ? "first_cuda" : "last_cuda")};
}

}  // namespace envforge::resolve
