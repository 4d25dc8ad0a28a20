// Proves: four dozen elementwise operators of torch in fp32, some in 16-bit types, are right for every element.
// Control: one element of each output changed by four times the operator's bound.
// Suite: standard
#include <ATen/ops/elu.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/where.h>

#include <cmath>

#include "operators.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Operand = Operands::Operand;
using Unary = double (*)(double);

constexpr std::int64_t kCount = 4099;  // a prime: the last vector and the last block are never full

Values each(const Operand& x, const std::function<double(double)>& f) {
  Values out;
  for (const double value : x.values) out.push_back(f(value));
  return out;
}
Values each(const Operand& x, const Operand& y, const std::function<double(double, double)>& f) {
  Values out;
  for (std::size_t i = 0; i < x.values.size(); ++i) out.push_back(f(x.values[i], y.values[i]));
  return out;
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}
double softplus(double x) {
  return std::log1p(std::exp(x));
}
double half_to_even(double x) {
  return std::nearbyint(x);
}

/// Values rounded once more, to a 16-bit type; and that rounding's share of a bound.
struct Narrow {
  at::ScalarType type;
  int bits;  // of the significand
  const char* name;
  double round(double x) const {
    if (x == 0) return 0;
    const int exponent = std::ilogb(x) + 1 - bits;
    return std::ldexp(std::nearbyint(std::ldexp(x, -exponent)), exponent);
  }
};
constexpr Narrow kHalf{at::kHalf, 11, "fp16"};
constexpr Narrow kBfloat{at::kBFloat16, 8, "bf16"};

// The units are the largest errors that NVIDIA states for its single-precision functions (CUDA C++ Programming Guide,
// "Mathematical Functions", table of maximum ULP errors: exp 2, log 1, sin and cos 2, tan 4, tanh 2, erf 2, ...), which
// lie above those of SLEEF's u10 functions on CPUs (1.0), plus half a unit for each rounding of the formula around
// them.
struct Function {
  const char* name;
  at::Tensor (at::Tensor::*torch)() const;
  Unary truth;
  double units;
};

const std::vector<Function>& functions() {
  static const std::vector<Function> table = {
      {"exp", &at::Tensor::exp, std::exp, 2},        {"exp2", &at::Tensor::exp2, std::exp2, 2},
      {"expm1", &at::Tensor::expm1, std::expm1, 2},  {"sin", &at::Tensor::sin, std::sin, 2},
      {"cos", &at::Tensor::cos, std::cos, 2},        {"tan", &at::Tensor::tan, std::tan, 4},
      {"sinh", &at::Tensor::sinh, std::sinh, 3},     {"cosh", &at::Tensor::cosh, std::cosh, 2},
      {"tanh", &at::Tensor::tanh, std::tanh, 3},     {"atan", &at::Tensor::atan, std::atan, 2},
      {"erf", &at::Tensor::erf, std::erf, 2},        {"erfc", &at::Tensor::erfc, std::erfc, 5},
      {"sigmoid", &at::Tensor::sigmoid, sigmoid, 4}, {"abs", &at::Tensor::abs, std::fabs, 0},
      {"floor", &at::Tensor::floor, std::floor, 0},  {"ceil", &at::Tensor::ceil, std::ceil, 0},
      {"trunc", &at::Tensor::trunc, std::trunc, 0},  {"round", &at::Tensor::round, half_to_even, 0},
      {"asinh", &at::Tensor::asinh, std::asinh, 4}};
  return table;
}
// Of arguments above 1/8.
const std::vector<Function>& functions_of_positive() {
  static const std::vector<Function> table = {
      {"log", &at::Tensor::log, std::log, 2},       {"log2", &at::Tensor::log2, std::log2, 2},
      {"log10", &at::Tensor::log10, std::log10, 3}, {"log1p", &at::Tensor::log1p, std::log1p, 2},
      {"sqrt", &at::Tensor::sqrt, std::sqrt, 1},    {"lgamma", &at::Tensor::lgamma, std::lgamma, 6}};
  return table;
}

class Elementwise : public FamilyCheck {
  std::string title() const override { return "element by element, each within its bound,"; }
  void add(Operands& operands, std::vector<Operator>& rows) const override {
    add_unary(operands, rows);
    add_activations(operands, rows);
    add_binary(operands, rows);
    add_narrow(operands, rows);
    add_integers(operands, rows);
  }

  static void add_unary(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({kCount});
    const auto positive = operands.mapped(x, [](double v) { return std::fabs(v) + 0.125; });
    const auto unit = operands.mapped(x, [](double v) { return v / 4; });
    for (const auto& f : functions()) {
      rows.push_back(
          {f.name, [f, x] { return (x.tensor.*f.torch)(); }, [f, x] { return within(each(x, f.truth), f.units); }});
    }
    for (const auto& f : functions_of_positive()) {
      // Where a logarithm passes zero its own error is relative to the argument's distance from there: lgamma's is not.
      const double absolute = std::string(f.name) == "lgamma" ? 6 * 2 * kRounding : 0;
      rows.push_back({f.name, [f, positive] { return (positive.tensor.*f.torch)(); },
                      [=] { return within(each(positive, f.truth), f.units, absolute); }});
    }
    rows.push_back({"rsqrt", [=] { return positive.tensor.rsqrt(); },
                    [=] { return within(each(positive, [](double v) { return 1 / std::sqrt(v); }), 2); }});
    rows.push_back({"reciprocal", [=] { return positive.tensor.reciprocal(); },
                    [=] { return within(each(positive, [](double v) { return 1 / v; }), 1); }});
    rows.push_back({"asin", [=] { return unit.tensor.asin(); },
                    [=] { return within(each(unit, [](double v) { return std::asin(v); }), 3); }});
    rows.push_back({"acos", [=] { return unit.tensor.acos(); },
                    [=] { return within(each(unit, [](double v) { return std::acos(v); }), 3); }});
    rows.push_back({"atanh", [=] { return unit.tensor.atanh(); },
                    [=] { return within(each(unit, [](double v) { return std::atanh(v); }), 4); }});
    rows.push_back({"relu", [=] { return x.tensor.relu(); },
                    [=] { return exactly(each(x, [](double v) { return v > 0 ? v : 0; })); }});
    rows.push_back({"clamp", [=] { return x.tensor.clamp(-1, 1.5); },
                    [=] { return exactly(each(x, [](double v) { return v < -1    ? -1
                                                                       : v > 1.5 ? 1.5
                                                                                 : v; })); }});
  }

  static void add_activations(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({kCount});
    // 1 + erf(x) cancels for negative x: the error is relative to |x|, not to the result.
    rows.push_back({"gelu", [=] { return at::gelu(x.tensor); },
                    [=] {
                      auto out = within(each(x, gelu), 1);
                      for (std::size_t i = 0; i < out.size(); ++i) {
                        out[i].bound += 4 * 2 * kRounding * std::fabs(x.values[i]);
                      }
                      return out;
                    }});
    rows.push_back({"silu", [=] { return at::silu(x.tensor); },
                    [=] { return within(each(x, [](double v) { return v * sigmoid(v); }), 4); }});
    rows.push_back({"softplus", [=] { return at::softplus(x.tensor); }, [=] { return within(each(x, softplus), 5); }});
    rows.push_back({"mish", [=] { return at::mish(x.tensor); },
                    [=] { return within(each(x, [](double v) { return v * std::tanh(softplus(v)); }), 9); }});
    // Some builds compute exp(x) - 1, whose error is relative to 1.
    rows.push_back(
        {"elu", [=] { return at::elu(x.tensor); },
         [=] { return within(each(x, [](double v) { return v > 0 ? v : std::expm1(v); }), 2, 4 * kRounding); }});
    rows.push_back({"leaky_relu", [=] { return at::leaky_relu(x.tensor, 0.125); },
                    [=] { return within(each(x, [](double v) { return v > 0 ? v : 0.125 * v; }), 1); }});
    rows.push_back(
        {"hardswish", [=] { return at::hardswish(x.tensor); },
         [=] { return within(each(x, [](double v) { return v * std::fmin(std::fmax(v + 3, 0), 6) / 6; }), 2); }});
  }

  static void add_binary(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({kCount});
    const auto y = operands.normal({kCount});
    const auto z = operands.normal({kCount});
    const auto base = operands.mapped(x, [](double v) { return std::fabs(v) + 0.125; });
    const auto other = operands.mapped(y, [](double v) { return std::fabs(v) + 0.125; });
    const auto row = [&](const char* name, double units, auto torch, const std::function<double(double, double)>& f) {
      rows.push_back({name, torch, [=] { return within(each(x, y, f), units); }});
    };
    row(
        "add", 0.51, [=] { return x.tensor.add(y.tensor); }, [](double a, double b) { return a + b; });
    row(
        "mul", 0.51, [=] { return x.tensor.mul(y.tensor); }, [](double a, double b) { return a * b; });
    row(
        "maximum", 0, [=] { return x.tensor.maximum(y.tensor); }, [](double a, double b) { return a > b ? a : b; });
    row(
        "minimum", 0, [=] { return x.tensor.minimum(y.tensor); }, [](double a, double b) { return a < b ? a : b; });
    row(
        "where", 0, [=] { return at::where(x.tensor.gt(0), x.tensor, y.tensor); },
        [](double a, double b) { return a > 0 ? a : b; });
    row(
        "less", 0, [=] { return x.tensor.lt(y.tensor).to(at::kInt); },
        [](double a, double b) { return a < b ? 1 : 0; });
    row(
        "atan2", 3, [=] { return x.tensor.atan2(y.tensor); }, [](double a, double b) { return std::atan2(a, b); });
    row(
        "hypot", 3, [=] { return x.tensor.hypot(y.tensor); }, [](double a, double b) { return std::hypot(a, b); });
    row(
        "copysign", 0, [=] { return x.tensor.copysign(y.tensor); },
        [](double a, double b) { return std::copysign(a, b); });
    rows.push_back({"div", [=] { return x.tensor.div(other.tensor); },
                    [=] { return within(each(x, other, [](double a, double b) { return a / b; }), 1); }});
    rows.push_back({"fmod", [=] { return x.tensor.fmod(other.tensor); },
                    [=] { return exactly(each(x, other, [](double a, double b) { return std::fmod(a, b); })); }});
    rows.push_back({"pow", [=] { return base.tensor.pow(y.tensor); },
                    [=] { return within(each(base, y, [](double a, double b) { return std::pow(a, b); }), 8); }});
    // Cancellation: the error is relative to the terms.
    const auto terms = [=](double factor, const std::function<double(std::size_t)>& value,
                           const std::function<double(std::size_t)>& size) {
      Truths out;
      for (std::size_t i = 0; i < x.values.size(); ++i) out.push_back({value(i), factor * kRounding * size(i)});
      return out;
    };
    const auto& a = x.values;
    rows.push_back({"addcmul", [=] { return x.tensor.addcmul(y.tensor, z.tensor, 0.5); },
                    [=] {
                      return terms(
                          4, [&](std::size_t i) { return a[i] + 0.5 * y.values[i] * z.values[i]; },
                          [&](std::size_t i) { return std::fabs(a[i]) + std::fabs(y.values[i] * z.values[i]); });
                    }});
    rows.push_back({"lerp", [=] { return x.tensor.lerp(y.tensor, 0.25); },
                    [=] {
                      return terms(
                          4, [&](std::size_t i) { return a[i] + 0.25 * (y.values[i] - a[i]); },
                          [&](std::size_t i) { return std::fabs(a[i]) + std::fabs(y.values[i]); });
                    }});
  }

  /// In 16 bits: torch computes in fp32 and rounds once, so half a unit of the narrow type and the fp32 error remain.
  static void add_narrow(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({kCount});
    std::vector<Narrow> types = {kBfloat};
    if (operands.device().is_cuda()) types.push_back(kHalf);  // older CPU builds have no fp16 kernels
    for (const auto& type : types) {
      const auto narrow = operands.mapped(x, [&](double v) { return type.round(v); });
      const at::Tensor input = narrow.tensor.to(type.type);
      const std::string in = std::string(" ") + type.name;
      const auto rounded = [=](const std::function<double(double)>& f) {
        Truths out;
        const double half_unit = std::ldexp(1.01, -type.bits);
        // Below fp16's normal numbers (2^-14) its steps stay 2^-24 wide.
        const double least = type.type == at::kHalf ? std::ldexp(1.01, -25) : 0;
        for (const double v : narrow.values) {
          const double rounding = std::fmax(half_unit * std::fabs(f(v)), least);
          out.push_back({f(v), rounding + 8 * kRounding * (std::fabs(f(v)) + std::fabs(v))});
        }
        return out;
      };
      rows.push_back({"to" + in, [=] { return x.tensor.to(type.type); },
                      [=] { return exactly(each(x, [&](double v) { return type.round(v); })); }});
      rows.push_back(
          {"exp" + in, [=] { return input.exp(); }, [=] { return rounded([](double v) { return std::exp(v); }); }});
      rows.push_back(
          {"tanh" + in, [=] { return input.tanh(); }, [=] { return rounded([](double v) { return std::tanh(v); }); }});
      rows.push_back({"sigmoid" + in, [=] { return input.sigmoid(); }, [=] { return rounded(sigmoid); }});
      rows.push_back({"gelu" + in, [=] { return at::gelu(input); }, [=] { return rounded(gelu); }});
      rows.push_back(
          {"mul" + in, [=] { return input.mul(input); }, [=] { return rounded([](double v) { return v * v; }); }});
    }
  }

  static void add_integers(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.indices({kCount}, 1 << 20);
    const auto y = operands.indices({kCount}, 1 << 10);
    const auto integer = [](double v) { return static_cast<std::int64_t>(v); };
    rows.push_back(
        {"bitwise_xor int64", [=] { return x.tensor.bitwise_xor(y.tensor); },
         [=] { return exactly(each(x, y, [&](double a, double b) { return double(integer(a) ^ integer(b)); })); }});
    rows.push_back({"floor_divide int64", [=] { return x.tensor.floor_divide(y.tensor.add(1)); },
                    [=] {
                      return exactly(
                          each(x, y, [&](double a, double b) { return double(integer(a) / (integer(b) + 1)); }));
                    }});
    rows.push_back({"remainder int64", [=] { return x.tensor.remainder(y.tensor.add(1)); },
                    [=] {
                      return exactly(
                          each(x, y, [&](double a, double b) { return double(integer(a) % (integer(b) + 1)); }));
                    }});
  }
};

ENVFORGE_CHECK(Elementwise);

}  // namespace
}  // namespace envforge::validator::checks::torch
