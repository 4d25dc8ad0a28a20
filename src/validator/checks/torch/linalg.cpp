// Proves: torch's products of every dtype, decompositions, solvers and Fourier transforms are right.
// Control: one element of each output changed by four times the operator's bound.
// Suite: standard
#include <ATen/ops/addmm.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/fft_irfft.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/fft_rfft2.h>
#include <ATen/ops/linalg_cholesky.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_slogdet.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/view_as_real.h>

#include <cmath>

#include "operators.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Operand = Operands::Operand;

constexpr std::int64_t kSize = 48;

std::size_t index_of(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// batch x m x n, each product of a (m x k) and b (k x n), in double precision.
Values product(const Values& a, const Values& b, std::int64_t batch, std::int64_t m, std::int64_t k, std::int64_t n) {
  Values out(index_of(batch * m * n));
  for (std::int64_t i = 0; i < batch * m; ++i) {
    for (std::int64_t inner = 0; inner < k; ++inner) {
      const double left = a[index_of(i * k + inner)];
      for (std::int64_t j = 0; j < n; ++j) {
        out[index_of(i * n + j)] += left * b[index_of((i / m * k + inner) * n + j)];
      }
    }
  }
  return out;
}

/// The square matrices in the first `parts` x kSize columns of a factorisation's output, on the host in double.
at::Tensor part(const at::Tensor& output, std::int64_t index) {
  return output.to(at::kCPU).to(at::kDouble).narrow(1, index * kSize, kSize);
}

class Linalg : public FamilyCheck {
  std::string title() const override { return "of linear algebra and Fourier transforms, each within its bound,"; }
  void add(Operands& operands, std::vector<Operator>& rows) const override {
    add_products(operands, rows);
    add_factors(operands, rows);
    add_solvers(operands, rows);
    add_transforms(operands, rows);
  }

  /// Integers, so that each type holds every partial sum: fp32 2^24, and outputs of 16 bits 2^11 (fp16) and 2^8 (bf16).
  static void add_products(Operands& operands, std::vector<Operator>& rows) {
    const auto row = [&](const std::string& name, at::ScalarType type, int amplitude, std::int64_t k) {
      const auto a = operands.integers({3, 31, k}, amplitude);
      const auto b = operands.integers({3, k, 37}, amplitude);
      rows.push_back({"bmm " + name, [=] { return at::bmm(a.tensor.to(type), b.tensor.to(type)); },
                      [=] { return exactly(product(a.values, b.values, 3, 31, k, 37)); }});
      rows.push_back({"bmm of transposed " + name,
                      [=] {
                        return at::bmm(a.tensor.to(type).transpose(1, 2).contiguous().transpose(1, 2),
                                       b.tensor.to(type).transpose(1, 2).contiguous().transpose(1, 2));
                      },
                      [=] { return exactly(product(a.values, b.values, 3, 31, k, 37)); }});
    };
    row("fp64", at::kDouble, 1000, 65);
    row("fp32", at::kFloat, 100, 65);
    row("bf16", at::kBFloat16, 2, 62);                               // 62 * 4 < 2^8
    if (operands.device().is_cuda()) row("fp16", at::kHalf, 5, 80);  // 80 * 25 < 2^11
    const auto a = operands.integers({31, 65}, 100);
    const auto b = operands.integers({65, 37}, 100);
    const auto c = operands.integers({31, 37}, 1000);
    const auto sum = [=] {
      Values out = product(a.values, b.values, 1, 31, 65, 37);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = 2 * out[i] + 3 * c.values[i];
      return exactly(out);
    };
    rows.push_back({"addmm", [=] { return at::addmm(c.tensor, a.tensor, b.tensor, 3, 2); }, sum});
    rows.push_back(
        {"baddbmm",
         [=] { return at::baddbmm(c.tensor.unsqueeze(0), a.tensor.unsqueeze(0), b.tensor.unsqueeze(0), 3, 2); }, sum});
    rows.push_back({"einsum",
                    [=] {
                      return at::einsum("ik,kj->ji", {a.tensor, b.tensor});
                    },
                    [=] {
                      const Values straight = product(a.values, b.values, 1, 31, 65, 37);
                      Values out;
                      for (std::int64_t i = 0; i < 37 * 31; ++i)
                        out.push_back(straight[index_of(i % 31 * 37 + i / 31)]);
                      return exactly(out);
                    }});
    rows.push_back({"cdist", [=] { return at::cdist(a.tensor, b.tensor.t().contiguous()); },
                    [=] {
                      Values out;
                      for (std::int64_t i = 0; i < 31 * 37; ++i) {
                        double total = 0;
                        for (std::int64_t k = 0; k < 65; ++k) {
                          total +=
                              std::pow(a.values[index_of(i / 37 * 65 + k)] - b.values[index_of(k * 37 + i % 37)], 2);
                        }
                        out.push_back(std::sqrt(total));
                      }
                      return within(out, 8);  // the squares are exact integers below 2^24
                    }});
  }

  // The factors are multiplied again and must give the matrix: a backward error of n units of its size is what a
  // backward stable algorithm of n steps may have (Higham, Accuracy and Stability of Numerical Algorithms, ch. 10, 19).
  static void add_factors(Operands& operands, std::vector<Operator>& rows) {
    const auto raw = operands.normal({kSize, kSize});
    const double size =
        4 * std::sqrt(static_cast<double>(kSize * kSize));  // above the norm of a matrix of values below 4
    const double bound = 4 * kSize * kRounding * size;
    const auto symmetric = symmetrised(operands, raw, 0);
    const auto definite = symmetrised(operands, raw, 64);
    rows.push_back({"cholesky", [=] { return at::linalg_cholesky(definite.tensor); },
                    [=] { return within(definite.values, 0, bound); },
                    [](const at::Tensor& out) { return part(out, 0).matmul(part(out, 0).t()); }, 0.01});
    rows.push_back({"qr",
                    [=] {
                      const auto qr = at::linalg_qr(raw.tensor);
                      return at::cat({std::get<0>(qr), std::get<1>(qr)}, 1);
                    },
                    [=] { return with_identity(raw.values, bound); },
                    [](const at::Tensor& out) {
                      const at::Tensor q = part(out, 0);
                      return at::cat({q.matmul(part(out, 1)), q.t().matmul(q)}, 1);
                    },
                    0.01});
    rows.push_back({"svd",
                    [=] {
                      const auto svd = at::linalg_svd(raw.tensor, false);
                      return at::cat({std::get<0>(svd), std::get<1>(svd).diag(), std::get<2>(svd)}, 1);
                    },
                    [=] { return with_identity(raw.values, bound); },
                    [](const at::Tensor& out) {
                      const at::Tensor u = part(out, 0);
                      return at::cat({u.matmul(part(out, 1)).matmul(part(out, 2)), u.t().matmul(u)}, 1);
                    },
                    0.01});
    rows.push_back({"eigh",
                    [=] {
                      const auto eigen = at::linalg_eigh(symmetric.tensor);
                      return at::cat({std::get<0>(eigen).diag(), std::get<1>(eigen)}, 1);
                    },
                    [=] { return with_identity(symmetric.values, bound); },
                    [](const at::Tensor& out) {
                      const at::Tensor v = part(out, 1);
                      return at::cat({v.matmul(part(out, 0)).matmul(v.t()), v.t().matmul(v)}, 1);
                    },
                    0.01});
  }

  /// (raw + raw^T) / 2, with `more` on the diagonal.
  static Operand symmetrised(Operands& operands, const Operand& raw, double more) {
    Operand swapped = raw;
    for (std::int64_t i = 0; i < kSize * kSize; ++i) {
      swapped.values[index_of(i)] =
          (raw.values[index_of(i)] + raw.values[index_of(i % kSize * kSize + i / kSize)]) / 2 +
          (i % kSize == i / kSize ? more : 0);
    }
    return operands.mapped(swapped, [](double v) { return v; });
  }
  /// Row by row: a row of the matrix, then a row of the identity.
  static Truths with_identity(const Values& matrix, double bound) {
    Values out;
    for (std::int64_t i = 0; i < kSize; ++i) {
      out.insert(out.end(), matrix.begin() + i * kSize, matrix.begin() + (i + 1) * kSize);
      for (std::int64_t j = 0; j < kSize; ++j) out.push_back(i == j ? 1 : 0);
    }
    return within(out, 0, bound);
  }

  static void add_solvers(Operands& operands, std::vector<Operator>& rows) {
    const auto raw = operands.normal({kSize, kSize});
    const auto matrix = shifted(operands, raw);  // its condition is below 10
    const auto right = operands.normal({kSize, 7});
    const double bound = 64 * kSize * kRounding;
    const at::Tensor host = matrix.tensor.to(at::kCPU).to(at::kDouble);
    const auto applied = [host](const at::Tensor& x) { return host.matmul(x.to(at::kCPU).to(at::kDouble)); };
    rows.push_back({"solve", [=] { return at::linalg_solve(matrix.tensor, right.tensor); },
                    [=] { return within(right.values, 0, bound); }, applied});
    rows.push_back({"solve_triangular",
                    [=] { return at::linalg_solve_triangular(matrix.tensor.triu(), right.tensor, true); },
                    [=] { return within(right.values, 0, bound); },
                    [host](const at::Tensor& x) { return host.triu().matmul(x.to(at::kCPU).to(at::kDouble)); }});
    rows.push_back({"inv", [=] { return at::linalg_inv(matrix.tensor); },
                    [] {
                      Values out;
                      for (std::int64_t i = 0; i < kSize * kSize; ++i) out.push_back(i % kSize == i / kSize ? 1 : 0);
                      return within(out, 0, 64 * kSize * kRounding);
                    },
                    applied});
    rows.push_back({"slogdet",
                    [=] {
                      const auto found = at::linalg_slogdet(matrix.tensor.triu());
                      return at::stack({std::get<0>(found), std::get<1>(found)});
                    },
                    [=] {
                      double sum = 0;
                      int sign = 1;
                      for (std::int64_t i = 0; i < kSize; ++i) {
                        const double value = matrix.values[index_of(i * kSize + i)];
                        sum += std::log(std::fabs(value));
                        if (value < 0) sign = -sign;
                      }
                      return Truths{{static_cast<double>(sign), 0}, {sum, (kSize + 4) * 2 * kRounding * sum}};
                    }});
  }
  static Operand shifted(Operands& operands, const Operand& raw) {
    Operand out = raw;
    for (std::int64_t i = 0; i < kSize; ++i) out.values[index_of(i * kSize + i)] += 32;
    return operands.mapped(out, [](double v) { return v; });
  }

  static void add_transforms(Operands& operands, std::vector<Operator>& rows) {
    for (const std::int64_t length : {std::int64_t{128}, std::int64_t{105}}) {  // a power of two, and 3 * 5 * 7
      const auto x = operands.normal({11, length});
      const auto name = " of " + std::to_string(length);
      // A transform of length n errs by a few log2(n) units of the values' root mean square times sqrt(n).
      const double bound =
          8 * std::log2(static_cast<double>(length)) * kRounding * 4 * std::sqrt(static_cast<double>(length));
      rows.push_back({"rfft" + name, [=] { return at::view_as_real(at::fft_rfft(x.tensor)); },
                      [=] { return within(fourier(x.values, length), 0, bound); }});
      rows.push_back({"rfft and irfft" + name, [=] { return at::fft_irfft(at::fft_rfft(x.tensor), length); },
                      [=] { return within(x.values, 0, 2 * bound / std::sqrt(static_cast<double>(length))); }});
    }
    const auto image = operands.normal({24, 32});
    rows.push_back(
        {"rfft2: the energy", [=] { return at::view_as_real(at::fft_rfft2(image.tensor)); },
         [=] {
           double energy = 0;
           for (const double v : image.values) energy += v * v;
           return Truths{{energy, energy * 64 * kRounding}};
         },
         [](const at::Tensor& out) {
           // Parseval: columns 1 to 15 stand for their conjugates too.
           const at::Tensor squares = out.to(at::kCPU).to(at::kDouble).square().sum(2);
           return squares.sum().mul(2).sub(squares.select(1, 0).sum()).sub(squares.select(1, 16).sum()).div(24 * 32);
         },
         1e-3});
  }
  /// Row by row, the first half of the spectrum: real part, imaginary part.
  static Values fourier(const Values& x, std::int64_t length) {
    Values out;
    for (std::int64_t row = 0; row < static_cast<std::int64_t>(x.size()) / length; ++row) {
      for (std::int64_t k = 0; k <= length / 2; ++k) {
        double real = 0, imaginary = 0;
        for (std::int64_t i = 0; i < length; ++i) {
          const double angle =
              -2 * 3.14159265358979323846 * static_cast<double>(i * k % length) / static_cast<double>(length);
          real += x[index_of(row * length + i)] * std::cos(angle);
          imaginary += x[index_of(row * length + i)] * std::sin(angle);
        }
        out.push_back(real);
        out.push_back(imaginary);
      }
    }
    return out;
  }
};

ENVFORGE_CHECK(Linalg);

}  // namespace
}  // namespace envforge::validator::checks::torch
