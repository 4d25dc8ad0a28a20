// The elements of every test matrix, from (seed, stream, index) alone, bit for bit the same wherever they are made.
// This file is compiled three times: by the driver, by the groups, and by the image's NVRTC, which gets its text
// without the lines that begin with '#'. So it holds no header, no standard type and no bit cast, and every value it
// makes is exact.
#pragma once

#include <math.h>

namespace envforge::validator::numbers {

using U64 = unsigned long long;

/// How a value lies in memory. The enumerators' values are part of the kernels' arguments.
enum class Type : int {
  kFp64 = 0,
  kFp32 = 1,
  kFp16 = 2,
  kBf16 = 3,
  kU32 = 4,
  kE4m3 = 5,  // fp8 of ML: no infinity, NaN is all ones
  kE5m2 = 6,
  kI8 = 7,
  kU8 = 8,
  kI32 = 9,
  kI64 = 10,
  kU64 = 11,
  kTf32 = 12  // what tensor cores keep of fp32; lies in memory as fp32
};

constexpr int fraction_bits(Type type) {
  return type == Type::kFp64                          ? 52
         : type == Type::kFp32                        ? 23
         : type == Type::kFp16 || type == Type::kTf32 ? 10
         : type == Type::kE4m3                        ? 3
         : type == Type::kE5m2                        ? 2
                                                      : 7;
}

constexpr int exponent_bits(Type type) {
  return type == Type::kFp64 ? 11 : type == Type::kFp16 || type == Type::kE5m2 ? 5 : type == Type::kE4m3 ? 4 : 8;
}

constexpr int bytes_of(Type type) {
  return type == Type::kFp64 || type == Type::kI64 || type == Type::kU64                          ? 8
         : type == Type::kFp32 || type == Type::kTf32 || type == Type::kU32 || type == Type::kI32 ? 4
         : type == Type::kFp16 || type == Type::kBf16                                             ? 2
                                                                                                  : 1;
}

constexpr bool is_unsigned(Type type) {
  return type == Type::kU8 || type == Type::kU32 || type == Type::kU64;
}
constexpr bool is_integer(Type type) {
  return is_unsigned(type) || type == Type::kI8 || type == Type::kI32 || type == Type::kI64;
}

/// Bits below those that the type keeps.
constexpr int unused_bits(Type type) {
  return type == Type::kTf32 ? 13 : 0;
}

/// All ones in the width of `type`.
constexpr U64 mask_of(Type type) {
  return bytes_of(type) == 8 ? ~0ULL : (1ULL << (8 * bytes_of(type))) - 1;
}

/// A bijection of 64 bits in which every input bit changes about half of the output bits.
constexpr U64 mix(U64 x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 29;
  x *= 0xa3aaacdb7ad0ac95ULL;
  x ^= x >> 32;
  return x;
}

/// Of one stream; made once, then 64 fresh bits for each index.
constexpr U64 stream_base(U64 seed, U64 stream) {
  return mix(seed ^ mix(stream * 0x9e3779b97f4a7c15ULL + 0x632be59bd9b4e019ULL));
}

/// The base under which element `offset` of a stream is element 0.
constexpr U64 base_from(U64 base, U64 offset) {
  return base + offset * 0x9e3779b97f4a7c15ULL;
}

constexpr U64 bits_at(U64 base, U64 index) {
  return mix(base_from(base, index));
}

/// A number as significand x 2^exponent: what all types below can be made from without rounding twice.
struct Exact {
  long long significand = 0;
  int exponent = 0;
};

/// amplitude > 0: an integer in [-amplitude, amplitude]. amplitude 0: bell-shaped, the sum of four uniform 16-bit
/// numbers about zero in steps of 2^-15, in (-4, 4), standard deviation 1.1547.
constexpr Exact exact_at(U64 base, U64 index, int amplitude) {
  const U64 bits = bits_at(base, index);
  Exact value;
  if (amplitude > 0) {
    value.significand = static_cast<long long>(((bits >> 32) * static_cast<U64>(2 * amplitude + 1)) >> 32) - amplitude;
    return value;
  }
  const U64 sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
  value.significand = static_cast<long long>(sum) - 131070;
  value.exponent = -15;
  return value;
}

/// The standard deviation of what exact_at makes.
inline double spread_of(int amplitude) {
  return amplitude > 0 ? sqrt(amplitude * (amplitude + 1.0) / 3.0) : 1.1547005;
}

/// Rounded to `kept` bits of significand, ties to even.
constexpr Exact rounded(Exact value, int kept) {
  const bool negative = value.significand < 0;
  U64 magnitude = static_cast<U64>(negative ? -value.significand : value.significand);
  int drop = 0;
  for (U64 rest = magnitude >> kept; rest != 0; rest >>= 1) ++drop;
  if (drop > 0) {
    const U64 half = 1ULL << (drop - 1);
    const U64 tail = magnitude & ((1ULL << drop) - 1);
    magnitude >>= drop;
    if (tail > half || (tail == half && (magnitude & 1) != 0)) ++magnitude;
    value.exponent += drop;
  }
  value.significand = negative ? -static_cast<long long>(magnitude) : static_cast<long long>(magnitude);
  return value;
}

/// Rounded to nearest even as `type` does it. Only e4m3 has values here below its normal range, in steps of 2^-9.
constexpr Exact fitted(Exact value, Type type) {
  constexpr int kLowestStep = -9;
  int kept = fraction_bits(type) + 1;
  if (type == Type::kE4m3) {
    int length = 0;
    for (U64 rest = static_cast<U64>(value.significand < 0 ? -value.significand : value.significand); rest != 0;
         rest >>= 1) {
      ++length;
    }
    const int left = length + value.exponent - kLowestStep;  // bits at and above the lowest step
    if (left < kept) kept = left < 0 ? 0 : left;
    if (left < 0) value.significand = 0;
  }
  return rounded(value, kept);
}

/// The bits of `value` in a type of IEEE's layout, rounded to nearest even. Values beyond the type's range do not occur
/// here; below its normal range they are exact for every type but e4m3 (steps of 2^-15 in fp16 lie above its 2^-24).
constexpr U64 encode(Exact value, Type type) {
  if (is_integer(type)) return static_cast<U64>(value.significand) & mask_of(type);  // two's complement; exponent 0
  const int fraction = fraction_bits(type);
  const int bias = (1 << (exponent_bits(type) - 1)) - 1;
  value = fitted(value, type);
  const bool negative = value.significand < 0;
  U64 magnitude = static_cast<U64>(negative ? -value.significand : value.significand);
  const U64 sign = negative ? 1ULL << (fraction + exponent_bits(type)) : 0;
  if (magnitude == 0) return 0;
  int exponent = value.exponent + fraction;  // of a significand with its leading bit at `fraction`
  for (int step = 32; step > 0; step /= 2) {
    if (step <= fraction && (magnitude >> (fraction + 1 - step)) == 0) {
      magnitude <<= step;
      exponent -= step;
    }
  }
  while ((magnitude >> fraction) > 1) {
    magnitude >>= 1;
    ++exponent;
  }
  const int biased = exponent + bias;
  const int unused = unused_bits(type);
  if (biased <= 0) return (sign | (magnitude >> (1 - biased))) << unused;
  return (sign | (static_cast<U64>(biased) << fraction) | (magnitude & ((1ULL << fraction) - 1))) << unused;
}

/// Integers of unsigned types lie in [0, 2 amplitude]. Those of amplitude 0 have all bits at random: only u32 has that.
constexpr Exact integer_at(U64 base, U64 index, int amplitude, Type type) {
  Exact value;
  if (amplitude == 0) {
    value.significand = static_cast<long long>(bits_at(base, index) >> 32);
    return value;
  }
  value = exact_at(base, index, amplitude);
  if (is_unsigned(type)) value.significand += amplitude;
  return value;
}

/// The memory bits of element `index`: the only way in which an input comes to be.
constexpr U64 element_bits(U64 base, U64 index, int amplitude, Type type) {
  return encode(is_integer(type) ? integer_at(base, index, amplitude, type) : exact_at(base, index, amplitude), type);
}

/// The value that element_bits stands for, after rounding to its type.
inline double element_value(U64 base, U64 index, int amplitude, Type type) {
  if (is_integer(type)) return static_cast<double>(integer_at(base, index, amplitude, type).significand);
  const Exact value = fitted(exact_at(base, index, amplitude), type);
  return ldexp(static_cast<double>(value.significand), value.exponent);
}

/// Element `index` of what a collective gives: the sum over t < terms of element offset + index % block of the stream
/// first + index / block + t.
inline double collective_element(U64 seed, U64 first, int terms, U64 block, U64 offset, U64 index, int amplitude,
                                 Type type) {
  double sum = 0;
  for (int t = 0; t < terms; ++t) {
    const U64 stream = first + index / block + static_cast<U64>(t);
    sum += element_value(stream_base(seed, stream), offset + index % block, amplitude, type);
  }
  return sum;
}

/// The value of bits that a library wrote. Infinity and NaN become 1e308, which no bound accepts.
inline double decode(U64 bits, Type type) {
  if (is_integer(type)) {
    const U64 sign = (mask_of(type) >> 1) + 1;
    bits &= mask_of(type);
    if (is_unsigned(type)) return static_cast<double>(bits);
    return static_cast<double>(static_cast<long long>((bits ^ sign) - sign));
  }
  const int fraction = fraction_bits(type);
  const int width = exponent_bits(type);
  bits >>= unused_bits(type);
  const int biased = static_cast<int>((bits >> fraction) & ((1ULL << width) - 1));
  const U64 low = bits & ((1ULL << fraction) - 1);
  if (biased == (1 << width) - 1 && (type != Type::kE4m3 || low == 7)) return 1e308;
  const int bias = (1 << (width - 1)) - 1;
  const double magnitude = biased == 0 ? ldexp(static_cast<double>(low), 1 - bias - fraction)
                                       : ldexp(static_cast<double>(low | (1ULL << fraction)), biased - bias - fraction);
  return ((bits >> (fraction + width)) & 1) != 0 ? -magnitude : magnitude;
}

/// The bits of `value` rounded to `type`, for finite values of the type's range.
inline U64 bits_of_value(double value, Type type) {
  Exact exact;
  for (; value != floor(value) && exact.exponent > -1100; value *= 2) --exact.exponent;
  for (; fabs(value) >= 9007199254740992.0; value /= 2) ++exact.exponent;
  exact.significand = static_cast<long long>(value);
  return encode(exact, type);
}

/// The bits of the next value away from zero that differs from `bits` by at least `by`: a planted fault of a known
/// size.
inline U64 moved_by(U64 bits, Type type, double by) {
  const double from = decode(bits, type);
  while (fabs(decode(bits, type) - from) < by) ++bits;
  return bits;
}

/// Bits of one element in memory.
inline U64 load(const void* memory, U64 index, Type type) {
  switch (bytes_of(type)) {
    case 8:
      return static_cast<const U64*>(memory)[index];
    case 4:
      return static_cast<const unsigned int*>(memory)[index];
    case 2:
      return static_cast<const unsigned short*>(memory)[index];
    default:
      return static_cast<const unsigned char*>(memory)[index];
  }
}

inline void store(void* memory, U64 index, Type type, U64 bits) {
  switch (bytes_of(type)) {
    case 8:
      static_cast<U64*>(memory)[index] = bits;
      break;
    case 4:
      static_cast<unsigned int*>(memory)[index] = static_cast<unsigned int>(bits);
      break;
    case 2:
      static_cast<unsigned short*>(memory)[index] = static_cast<unsigned short>(bits);
      break;
    default:
      static_cast<unsigned char*>(memory)[index] = static_cast<unsigned char>(bits);
  }
}

}  // namespace envforge::validator::numbers
