// The validator's own kernels. Compiled by the image's NVRTC, behind the text of numbers/element.hpp, as machine code for the
// GPU at hand. No shared memory and no barrier: tests run the same text thread by thread on the CPU.
using namespace envforge::validator::numbers;

/// What a comparison found; three words that the host clears to {0, ~0, 0}.
struct Found {
  U64 wrong;
  U64 first;  // the lowest index that is wrong
  U64 worst;  // the bits of the largest difference, a double; where there are bounds, of right elements too
};

inline U64 first_index() { return U64(blockIdx.x) * blockDim.x + threadIdx.x; }
inline U64 stride() { return U64(gridDim.x) * blockDim.x; }

#ifdef __CUDA_ARCH__
inline unsigned int multiprocessor() {
  unsigned int number;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(number));
  return number;
}
inline U64 cycles() { return static_cast<U64>(clock64()); }
inline U64 nanoseconds() {
  U64 time;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(time));
  return time;
}
#endif

/// Of each multiprocessor that has a block: {blocks, its cycle counter, the GPU's time}, from its first block.
extern "C" __global__ void read_counters(U64* out, U64 slots) {
  const unsigned int at = multiprocessor();
  if (threadIdx.x != 0 || at >= slots || atomicAdd(&out[3 * at], 1ULL) != 0) return;
  out[3 * at + 1] = cycles();
  out[3 * at + 2] = nanoseconds();
}

inline void note(Found* found, U64 index, double difference) {
  atomicAdd(&found->wrong, 1ULL);
  atomicMin(&found->first, index);
  atomicMax(&found->worst, static_cast<U64>(__double_as_longlong(difference)));
}

inline void note_largest(Found* found, double size) {
  atomicMax(&found->worst, static_cast<U64>(__double_as_longlong(size)));
}

/// Notes what is beyond its bound, and keeps the largest size of what is not: in units of the bound, or plain without.
inline void weigh(Found* found, U64 index, double difference, double bound, double* largest) {
  const double size = bound > 0 ? difference / bound : difference;
  if (!(difference <= bound)) {
    note(found, index, size);
  } else if (size > *largest) {
    *largest = size;
  }
}

extern "C" __global__ void fill(void* out, U64 count, U64 base, int amplitude, int type) {
  for (U64 i = first_index(); i < count; i += stride()) {
    store(out, i, static_cast<Type>(type), element_bits(base, i, amplitude, static_cast<Type>(type)));
  }
}

extern "C" __global__ void compare_fill(const void* out, U64 count, U64 base, int amplitude, int type, Found* found) {
  for (U64 i = first_index(); i < count; i += stride()) {
    const U64 expected = element_bits(base, i, amplitude, static_cast<Type>(type));
    const U64 got = load(out, i, static_cast<Type>(type));
    if (got == expected) continue;
    note(found, i, fabs(decode(got, static_cast<Type>(type)) - decode(expected, static_cast<Type>(type))));
  }
}

/// out[r * count + j] = sum over t of X[list[r] * x_row + t * x_step] * Y[j * y_row + t * y_step]: some full rows of a
/// product, or, with the operands exchanged, some full columns. A thread makes a tile of 4 x 4.
extern "C" __global__ void reference_lines(double* out, const U64* list, U64 lines, U64 count, U64 terms, U64 x_base,
                                           int x_amplitude, int x_type, U64 x_row, U64 x_step, U64 y_base,
                                           int y_amplitude, int y_type, U64 y_row, U64 y_step) {
  const U64 wide = (count + 3) / 4;
  const U64 tiles = ((lines + 3) / 4) * wide;
  for (U64 tile = first_index(); tile < tiles; tile += stride()) {
    const U64 r0 = tile / wide * 4, j0 = tile % wide * 4;
    double sum[4][4] = {};
    for (U64 t = 0; t < terms; ++t) {
      double x[4], y[4];
      for (int a = 0; a < 4; ++a) {
        const U64 r = r0 + a < lines ? r0 + a : r0;
        x[a] = element_value(x_base, list[r] * x_row + t * x_step, x_amplitude, static_cast<Type>(x_type));
        y[a] = element_value(y_base, (j0 + a) * y_row + t * y_step, y_amplitude, static_cast<Type>(y_type));
      }
      for (int a = 0; a < 4; ++a) {
        for (int b = 0; b < 4; ++b) sum[a][b] += x[a] * y[b];
      }
    }
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        if (r0 + a < lines && j0 + b < count) out[(r0 + a) * count + j0 + b] = sum[a][b];
      }
    }
  }
}

/// out[i] = the convolution's element indices[i]; NHWC, weights K R S C.
extern "C" __global__ void reference_convolution(double* out, const U64* indices, U64 count, int h, int w, int c, int k,
                                                 int r, int s, int pad, int step, int out_h, int out_w, U64 x_base,
                                                 int x_amplitude, int x_type, U64 y_base, int y_amplitude, int y_type) {
  for (U64 i = first_index(); i < count; i += stride()) {
    const U64 at = indices[i];
    const int out_k = static_cast<int>(at % k);
    const int q = static_cast<int>(at / k % out_w);
    const int p = static_cast<int>(at / k / out_w % out_h);
    const U64 n = at / k / out_w / out_h;
    double sum = 0;
    for (int a = 0; a < r; ++a) {
      for (int b = 0; b < s; ++b) {
        const int y = p * step + a - pad, x = q * step + b - pad;
        if (y < 0 || x < 0 || y >= h || x >= w) continue;
        const U64 input = ((n * h + y) * w + x) * c;
        const U64 weight = ((U64(out_k) * r + a) * s + b) * c;
        for (int e = 0; e < c; ++e) {
          sum += element_value(x_base, input + e, x_amplitude, static_cast<Type>(x_type)) *
                 element_value(y_base, weight + e, y_amplitude, static_cast<Type>(y_type));
        }
      }
    }
    out[i] = sum;
  }
}

/// Compares reference[r * count + j] with element list[r] * row + j * step of `out`. An element may be off by relative *
/// |reference| + absolute; `worst` is in units of that, or plain where both are 0.
extern "C" __global__ void compare_lines(const double* reference, const void* out, const U64* list, U64 lines,
                                         U64 count, U64 row, U64 step, int type, double relative, double absolute,
                                         Found* found) {
  double largest = 0;
  for (U64 i = first_index(); i < lines * count; i += stride()) {
    const U64 at = list[i / count] * row + i % count * step;
    const double expected = reference[i];
    const double difference = fabs(decode(load(out, at, static_cast<Type>(type)), static_cast<Type>(type)) - expected);
    const double bound = relative * fabs(expected) + absolute;
    weigh(found, at, difference, bound, &largest);
  }
  note_largest(found, largest);
}

/// Every element of what a collective gave, exactly.
extern "C" __global__ void compare_collective(const void* out, U64 count, U64 seed, U64 first, int terms, U64 block,
                                              U64 offset, int amplitude, int type, Found* found) {
  for (U64 i = first_index(); i < count; i += stride()) {
    const double expected =
        collective_element(seed, first, terms, block, offset, i, amplitude, static_cast<Type>(type));
    const double got = decode(load(out, i, static_cast<Type>(type)), static_cast<Type>(type));
    if (got != expected) note(found, i, fabs(got - expected));
  }
}

/// A vector of +1 and -1.
extern "C" __global__ void signs(double* out, U64 count, U64 base) {
  for (U64 i = first_index(); i < count; i += stride()) out[i] = (bits_at(base, i) >> 63) != 0 ? -1.0 : 1.0;
}

/// out = M v, M made from its seed.
extern "C" __global__ void times_generated(double* out, const double* v, U64 rows, U64 columns, U64 base, int amplitude,
                                           int type) {
  for (U64 i = first_index(); i < rows; i += stride()) {
    double sum = 0;
    for (U64 j = 0; j < columns; ++j) {
      sum += element_value(base, i * columns + j, amplitude, static_cast<Type>(type)) * v[j];
    }
    out[i] = sum;
  }
}

/// out = M v, M as it lies in memory.
extern "C" __global__ void times_stored(double* out, const double* v, U64 rows, U64 columns, const void* matrix,
                                        int type) {
  for (U64 i = first_index(); i < rows; i += stride()) {
    double sum = 0;
    for (U64 j = 0; j < columns; ++j) {
      sum += decode(load(matrix, i * columns + j, static_cast<Type>(type)), static_cast<Type>(type)) * v[j];
    }
    out[i] = sum;
  }
}

extern "C" __global__ void compare_vectors(const double* reference, const double* got, U64 count, double bound,
                                           Found* found) {
  double largest = 0;
  for (U64 i = first_index(); i < count; i += stride()) {
    weigh(found, i, fabs(got[i] - reference[i]), bound, &largest);
  }
  note_largest(found, largest);
}

/// Every 32-bit word becomes factor x word + term. With both ~0 each bit is turned over.
extern "C" __global__ void change_words(unsigned int* words, U64 count, unsigned int factor, unsigned int term) {
  for (U64 i = first_index(); i < count; i += stride()) words[i] = factor * words[i] + term;
}

/// Against what change_words makes of the stream's words.
extern "C" __global__ void compare_words(const unsigned int* words, U64 count, U64 base, unsigned int factor,
                                         unsigned int term, Found* found) {
  for (U64 i = first_index(); i < count; i += stride()) {
    const unsigned int expected = factor * static_cast<unsigned int>(element_bits(base, i, 0, Type::kU32)) + term;
    if (words[i] != expected) note(found, i, fabs(static_cast<double>(words[i]) - static_cast<double>(expected)));
  }
}

/// Keeps one thread busy: what follows in its stream waits, what does not wait goes ahead.
extern "C" __global__ void linger(U64* out, U64 rounds) {
  if (first_index() != 0) return;
  U64 x = 1;
  for (U64 i = 0; i < rounds; ++i) x = mix(x + i);
  *out = x;
}

/// out[i] = real number list[i] of a forward transform of generated data; see numbers/fourier.hpp.
extern "C" __global__ void reference_transform(double* out, const U64* list, U64 count, U64 rows, U64 columns, int real,
                                               U64 base, int amplitude, int type) {
  const U64 out_columns = real != 0 ? columns / 2 + 1 : columns;
  for (U64 i = first_index(); i < count; i += stride()) {
    const U64 at = list[i] / 2, column = at % out_columns, row = at / out_columns % rows;
    const U64 first = at / out_columns / rows * rows * columns;
    double real_sum = 0, imaginary_sum = 0;
    for (U64 n = 0; n < rows * columns; ++n) {
      const double turn = static_cast<double>(row * (n / columns) % rows) / static_cast<double>(rows) +
                          static_cast<double>(column * (n % columns) % columns) / static_cast<double>(columns);
      double sine, cosine;
      sincospi(2 * turn, &sine, &cosine);
      const U64 from = first + n;
      const double x = element_value(base, real != 0 ? from : 2 * from, amplitude, static_cast<Type>(type));
      const double y = real != 0 ? 0 : element_value(base, 2 * from + 1, amplitude, static_cast<Type>(type));
      real_sum += x * cosine + y * sine;
      imaginary_sum += y * cosine - x * sine;
    }
    out[i] = list[i] % 2 == 0 ? real_sum : imaginary_sum;
  }
}

/// Each element against `scale` times the generated one.
extern "C" __global__ void compare_scaled(const void* out, U64 count, U64 base, int amplitude, int type, double scale,
                                          double bound, Found* found) {
  for (U64 i = first_index(); i < count; i += stride()) {
    const double expected = scale * element_value(base, i, amplitude, static_cast<Type>(type));
    const double difference = fabs(decode(load(out, i, static_cast<Type>(type)), static_cast<Type>(type)) - expected);
    if (!(difference <= bound)) note(found, i, bound > 0 ? difference / bound : difference);
  }
}

/// sums[t] = the squares that thread t meets. Rows of `row` values, 0 = no rows: of each the values between the first
/// two and, if `even`, the last two count twice, for half of a symmetric spectrum was left out.
extern "C" __global__ void energy(double* sums, const void* values, U64 count, int type, U64 row, int even) {
  double sum = 0;
  for (U64 i = first_index(); i < count; i += stride()) {
    const double x = decode(load(values, i, static_cast<Type>(type)), static_cast<Type>(type));
    const U64 at = row == 0 ? 0 : i % row;
    const bool twice = row != 0 && at >= 2 && (even == 0 || at + 2 < row);
    sum += twice ? 2 * x * x : x * x;
  }
  sums[first_index()] = sum;
}
