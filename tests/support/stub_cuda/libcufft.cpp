// A cuFFT for tests: transforms by Cooley and Tukey as far as the length is even, by definition from there on. Faults:
// fft-element one value is off, fft-scale the inverse divides, fft-half the upper half is never written.
#include <complex>
#include <cstddef>
#include <map>
#include <vector>

#include "faults.hpp"

namespace {

using Complex = std::complex<double>;
constexpr double kPi = 3.14159265358979323846;

struct Plan {
  int rows = 1, columns = 1, batch = 1;
};
std::map<int, Plan> plans;

void transform(std::vector<Complex>& line, int sign) {
  const std::size_t n = line.size();
  if (n == 1) return;
  const auto root = [&](std::size_t k) {
    return std::polar(1.0, sign * 2 * kPi * static_cast<double>(k % n) / static_cast<double>(n));
  };
  if (n % 2 == 0) {
    std::vector<Complex> even(n / 2), odd(n / 2);
    for (std::size_t i = 0; i < n / 2; ++i) even[i] = line[2 * i], odd[i] = line[2 * i + 1];
    transform(even, sign);
    transform(odd, sign);
    for (std::size_t k = 0; k < n / 2; ++k) {
      Complex turned = root(k) * odd[k];
      if (4 * k == n) turned = Complex(0, sign) * odd[k];  // exact, as a real one is
      line[k] = even[k] + turned;
      line[k + n / 2] = even[k] - turned;
    }
    return;
  }
  std::vector<Complex> roots(n), out(n);
  for (std::size_t k = 0; k < n; ++k) roots[k] = root(k);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) out[k] += line[i] * roots[k * i % n];
  }
  line = out;
}

// Rows, then columns.
void transform(std::vector<Complex>& values, const Plan& plan, int sign) {
  const auto rows = static_cast<std::size_t>(plan.rows), columns = static_cast<std::size_t>(plan.columns);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(r * columns);
    std::vector<Complex> line(begin, begin + plan.columns);
    transform(line, sign);
    std::copy(line.begin(), line.end(), begin);
  }
  for (std::size_t c = 0; c < columns && rows > 1; ++c) {
    std::vector<Complex> line(rows);
    for (std::size_t r = 0; r < rows; ++r) line[r] = values[r * columns + c];
    transform(line, sign);
    for (std::size_t r = 0; r < rows; ++r) values[r * columns + c] = line[r];
  }
}

// `in` and `out` real: of a spectrum only columns / 2 + 1 of each row lie in memory.
template <class Real>
int run(int handle, const void* from, void* to, int sign, bool real_in, bool real_out) {
  const Plan& plan = plans[handle];
  const auto rows = static_cast<std::size_t>(plan.rows), columns = static_cast<std::size_t>(plan.columns);
  const std::size_t half = columns / 2 + 1, points = rows * columns;
  const auto* in = static_cast<const Real*>(from);
  auto* out = static_cast<Real*>(to);
  for (int b = 0; b < plan.batch; ++b) {
    std::vector<Complex> values(points);
    for (std::size_t i = 0; i < points; ++i) {
      const std::size_t r = i / columns, c = i % columns;
      if (real_in) {
        values[i] = static_cast<double>(in[i]);
      } else if (!real_out) {
        values[i] = {static_cast<double>(in[2 * i]), static_cast<double>(in[2 * i + 1])};
      } else {
        const bool kept = c < half;
        const std::size_t at = kept ? r * half + c : (rows - r) % rows * half + columns - c;
        values[i] = {static_cast<double>(in[2 * at]), (kept ? 1 : -1) * static_cast<double>(in[2 * at + 1])};
      }
    }
    transform(values, plan, sign);
    const double scale = stub::fault("fft-scale") && sign > 0 ? 1.0 / static_cast<double>(points) : 1;
    for (std::size_t i = 0; i < points; ++i) {
      if (stub::fault("fft-half") && 2 * i >= points) break;
      const std::size_t r = i / columns, c = i % columns;
      if (real_out) {
        out[i] = static_cast<Real>(scale * values[i].real());
      } else if (!real_in || c < half) {
        const std::size_t at = real_in ? r * half + c : i;
        out[2 * at] = static_cast<Real>(scale * values[i].real());
        out[2 * at + 1] = static_cast<Real>(scale * values[i].imag());
      }
    }
    if (stub::fault("fft-element")) out[1] += 1;
    in += real_in ? points : 2 * (real_out ? rows * half : points);
    out += real_out ? points : 2 * (real_in ? rows * half : points);
  }
  return 0;
}

}  // namespace

extern "C" {

int cufftGetVersion(int* version) {
  *version = 12000;
  return 0;
}
int cufftPlanMany(int* plan, int rank, int* sizes, int*, int, int, int*, int, int, int, int batch) {
  static int next = 1;
  *plan = next++;
  plans[*plan] = rank == 1 ? Plan{1, sizes[0], batch} : Plan{sizes[0], sizes[1], batch};
  return stub::fault("fft-plan") ? 5 : 0;
}
int cufftDestroy(int plan) {
  plans.erase(plan);
  return 0;
}
int cufftExecC2C(int plan, void* from, void* to, int direction) {
  return run<float>(plan, from, to, direction, false, false);
}
int cufftExecR2C(int plan, void* from, void* to) {
  return run<float>(plan, from, to, -1, true, false);
}
int cufftExecC2R(int plan, void* from, void* to) {
  return run<float>(plan, from, to, 1, false, true);
}
int cufftExecZ2Z(int plan, void* from, void* to, int direction) {
  return run<double>(plan, from, to, direction, false, false);
}
int cufftExecD2Z(int plan, void* from, void* to) {
  return run<double>(plan, from, to, -1, true, false);
}
int cufftExecZ2D(int plan, void* from, void* to) {
  return run<double>(plan, from, to, 1, false, true);
}

}  // extern "C"
