// Proves: training in fp16 with torch.amp.autocast and GradScaler skips the steps that overflow, adapts its scale, and
//   ends at the right weights.
// Control: one weight is changed by what a hundredth of a step changes.
// Suite: standard
#include <cmath>

#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "numbers/loss_scaling.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr std::size_t kRows = 16, kWide = 24, kOut = 8;
constexpr int kSteps = 14;
constexpr double kRate = 1.0 / 1024;

constexpr const char* kScript = R"py(
kind = "cuda" if asked["gpu"] else "cpu"
step("training in fp16 on the " + kind)
new = getattr(getattr(torch, "amp", None), "GradScaler", None)
if new is None and kind == "cpu":
    tell({"absent": True})
else:
    settings = dict(init_scale=asked["scale"], growth_interval=asked["growth_interval"])
    scaler = new(kind, **settings) if new else torch.cuda.amp.GradScaler(**settings)
    x, t = (torch.tensor(asked[name], dtype=torch.float32, device=kind) for name in ("x", "t"))
    model = torch.nn.Linear(asked["wide"], asked["out"], bias=False).to(kind)
    with torch.no_grad():
        model.weight.copy_(torch.tensor(asked["weight"]).reshape(model.weight.shape))
    optimizer = torch.optim.SGD(model.parameters(), lr=asked["rate"])
    skipped = 0
    for _ in range(asked["steps"]):
        optimizer.zero_grad()
        with torch.autocast(kind, dtype=torch.float16):
            y = model(x.reshape(asked["rows"], -1))
        scaler.scale((y.float() * t.reshape(asked["rows"], -1)).sum()).backward()
        scaler.step(optimizer)
        before = scaler.get_scale()
        scaler.update()
        skipped += scaler.get_scale() < before
    tell({"absent": False, "weights": model.weight.detach().double().flatten().tolist(), "scale": scaler.get_scale(), "skipped": int(skipped)})
)py";

/// Integers in [-amplitude, amplitude].
std::vector<double> integers(std::uint64_t seed, std::uint64_t stream, std::size_t count, int amplitude) {
  const auto base = numbers::stream_base(seed, stream);
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(numbers::element_value(base, i, amplitude, numbers::Type::kFp32));
  }
  return out;
}

class GradScaler : public harness::Check {
  void prepare(harness::Context& context) override { context.session<Session>().warm(); }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto seed = context.request().seed;
    const auto x = integers(seed, 7, kRows * kWide, 8), t = integers(seed, 8, kRows * kOut, 4);
    auto weights = integers(seed, 9, kOut * kWide, 8);
    numbers::LossScaling truth;
    const json asked = {{"gpu", !context.request().gpus.empty()},
                        {"x", x},
                        {"t", t},
                        {"weight", weights},
                        {"rows", kRows},
                        {"wide", kWide},
                        {"out", kOut},
                        {"steps", kSteps},
                        {"rate", kRate},
                        {"scale", truth.scale},
                        {"growth_interval", truth.growth_interval}};
    json found = context.session<Session>().ask(context, kScript, asked);
    if (found.at("absent").get<bool>()) throw harness::Skip("this torch has a GradScaler for GPUs only");
    // The gradient is the same in every step.
    const auto gradient = numbers::gradient_of_weighed_product(t, x, kRows);
    const double largest = std::max(numbers::largest_of(t), numbers::largest_of(gradient));
    for (int step = 0; step < kSteps; ++step) truth.step(largest);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] -= truth.taken * kRate * gradient[i];

    json& one = found.at("weights").at(kOut * kWide / 2);
    const double kept = one;
    const double fault = kRate / 100;
    const harness::Control control{"one weight changed by what a hundredth of a step changes", fault,
                                   [&] { one = kept + fault; }, [&] { one = kept; }};
    result.summary = std::to_string(kSteps) + " steps in fp16, " + std::to_string(truth.skipped) +
                     " of them skipped for their overflow: the scale and every weight exact, on the " +
                     (context.request().gpus.empty() ? "CPU" : "GPU");
    judge(
        result, [&] { return compare(found, weights, truth); }, control, protocol::Layer::kImage);
  }

  static harness::Comparison compare(const json& found, const std::vector<double>& weights,
                                     const numbers::LossScaling& truth) {
    harness::Comparison out;
    const auto expect = [&](const std::string& what, double is, double should) {
      ++out.compared;
      const double difference = std::fabs(is - should);
      out.worst = std::fmax(out.worst, difference);
      if (difference == 0) return;
      if (out.wrong++ == 0) out.first = what + " is " + std::to_string(is) + ", expected " + std::to_string(should);
    };
    expect("the number of skipped steps", found.at("skipped"), truth.skipped);
    expect("the scale", found.at("scale"), truth.scale);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      expect("weight " + std::to_string(i), found.at("weights").at(i), weights[i]);
    }
    return out;
  }
};

ENVFORGE_CHECK(GradScaler);

}  // namespace
}  // namespace envforge::validator::checks::python
