// Proves: in deterministic mode sums that collide have the same, right bits every time, and an operator that has no
//   deterministic implementation is refused.
// Control: one element of one repetition of each operator is changed by a unit in its last place.
// Suite: standard
#include <ATen/ops/zeros.h>

#include "operators.hpp"
#include "parts.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Compute = std::function<at::Tensor()>;

// 65536 numbers in 64 places: a thousand or so meet in each, and every order of adding them rounds differently.
constexpr std::int64_t kMany = 1 << 16;
constexpr std::int64_t kPlaces = 64;
constexpr int kTimes = 4;

class DeterministicMode {
 public:
  DeterministicMode() { at::globalContext().setDeterministicAlgorithms(true, false); }
  DeterministicMode(const DeterministicMode&) = delete;
  DeterministicMode& operator=(const DeterministicMode&) = delete;
  ~DeterministicMode() { at::globalContext().setDeterministicAlgorithms(false, false); }
};

struct Row {
  const char* name;
  Compute compute;
};

class Deterministic : public TorchCheck {
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    Operands operands(context.request().seed, session.device());
    const auto source = operands.normal({kMany});
    const auto index = operands.indices({kMany}, kPlaces);
    const at::Tensor zeros = at::zeros({kPlaces}, source.tensor.options());
    const std::vector<Row> rows = {{"index_add", [=] { return zeros.index_add(0, index.tensor, source.tensor); }},
                                   {"scatter_add", [=] { return zeros.scatter_add(0, index.tensor, source.tensor); }},
                                   {"index_put with accumulate", [=] {
                                      return zeros.index_put({index.tensor}, source.tensor, /*accumulate=*/true);
                                    }}};
    Values sums(kPlaces), sizes(kPlaces);
    for (std::size_t i = 0; i < source.values.size(); ++i) {
      const auto place = static_cast<std::size_t>(index.values[i]);
      sums[place] += source.values[i];
      sizes[place] += std::fabs(source.values[i]);
    }
    // A sum of n terms in any order is off by at most n units of the sum of their sizes; n stays below 2048 here.
    Truths truth;
    for (std::size_t i = 0; i < sums.size(); ++i) truth.push_back({sums[i], 2048 * kRounding * sizes[i]});

    std::string otherwise;
    for (const Row& row : rows) {
      context.doing(row.name + session.where());
      if (!same(times(row.compute))) otherwise += (otherwise.empty() ? "" : ", ") + std::string(row.name);
      const DeterministicMode mode;
      add(row, truth);
    }
    context.doing("an operator without a deterministic implementation" + session.where());
    const std::string refused = refuse(source.tensor, index.tensor);
    result.summary = std::to_string(rows.size()) + " operators gave the same bits " + std::to_string(kTimes) +
                     " times in deterministic mode" +
                     (otherwise.empty() ? "" : " (outside it " + otherwise + " did not)") + ", and " + refused +
                     " was refused," + session.where();
    judge_parts(result, parts_, "one element of one repetition of each operator changed by a unit in its last place");
  }

  static std::vector<at::Tensor> times(const Compute& compute) {
    std::vector<at::Tensor> out;
    for (int i = 0; i < kTimes; ++i) out.push_back(compute());
    return out;
  }
  static bool same(const std::vector<at::Tensor>& all) {
    return std::all_of(all.begin(), all.end(), [&](const at::Tensor& one) { return one.equal(all.front()); });
  }

  void add(const Row& row, const Truths& truth) {
    const auto all = times(row.compute);
    const double unit = 2 * kRounding * std::fabs(element(all.back(), kPlaces / 2).item<double>());
    parts_.push_back(part_of(row.name, all.back(), unit, [all, truth] {
      harness::Comparison out = compare_all(all.front(), truth);
      out.compared *= static_cast<std::uint64_t>(kTimes);
      if (!same(all) && out.wrong++ == 0) out.first = "its bits are not the same each time";
      return out;
    }));
  }

  /// The name of the operator that was refused, and works outside the mode.
  static std::string refuse(const at::Tensor& source, const at::Tensor& index) {
    // Which of several values stays where indices collide is nobody's promise: on every device.
    const auto put = [&] { return source.clone().put_(index, source, /*accumulate=*/false); };
    put();
    try {
      const DeterministicMode mode;
      put();
    } catch (const c10::Error& error) {
      const std::string text = error.what_without_backtrace();
      if (text.find("deterministic") != std::string::npos) return "put_";
      throw;
    }
    throw harness::Failure("deterministic mode let put_ pass, which has no deterministic implementation",
                           protocol::Layer::kImage, "at::globalContext().setDeterministicAlgorithms(true, false)",
                           "the libraries of torch; see the group audit");
  }

  std::vector<Part> parts_;
};

ENVFORGE_CHECK(Deterministic);

}  // namespace
}  // namespace envforge::validator::checks::torch
