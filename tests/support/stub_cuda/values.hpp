// Arrays of any element type as floats and back, rounded as the hardware does.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "numbers/element.hpp"

namespace stub {

using envforge::validator::numbers::Type;

template <class Real>
std::vector<Real> read(const void* memory, std::size_t count, Type type) {
  std::vector<Real> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<Real>(
        envforge::validator::numbers::decode(envforge::validator::numbers::load(memory, i, type), type));
  }
  return out;
}

inline void write(void* memory, std::size_t index, double value, Type type) {
  if (envforge::validator::numbers::is_integer(type)) {
    const envforge::validator::numbers::Exact whole{static_cast<long long>(value), 0};
    return envforge::validator::numbers::store(memory, index, type, envforge::validator::numbers::encode(whole, type));
  }
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  constexpr int kBits = 60;
  const envforge::validator::numbers::Exact exact{static_cast<long long>(std::ldexp(fraction, kBits)),
                                                  exponent - kBits};
  envforge::validator::numbers::store(memory, index, type, envforge::validator::numbers::encode(exact, type));
}

}  // namespace stub
