// What one element of a layer's output is, from the elements of its inputs: convolutions and their gradients in up to
// three directions, pooling, batch norm, activations. Like element.hpp compiled by the driver, by the groups and, as
// text without the lines that begin with '#', by the image's NVRTC: no header, no standard type.
#pragma once

#include "numbers/element.hpp"

namespace envforge::validator::numbers {

/// The enumerators' values are part of what driver and groups say to each other.
enum class OperationKind : int {
  kForward = 0,
  kDataGradient = 1,
  kWeightGradient = 2,
  kMaxPool = 3,
  kAveragePool = 4,  // the padding counts, as zeros
  kBatchNormTraining = 5,
  kBatchNormInference = 6,  // by the mean and the unbiased variance of the same batch
  kRelu = 7,
  kSigmoid = 8,
  kTanh = 9
};

/// A layer over depth, height and width; a direction that is not there has size 1, window 1, padding 0, stride 1.
struct Operation {
  OperationKind kind;
  int n, c, k, groups;  // k: outputs of a convolution; c otherwise
  int in[3], window[3], pad[3], stride[3];
  int channels_last;  // of every tensor, weights too; else channels come right after n (k)

  constexpr int out(int d) const { return (in[d] + 2 * pad[d] - window[d]) / stride[d] + 1; }
  constexpr long long positions() const { return 1LL * out(0) * out(1) * out(2); }
  constexpr long long inputs() const { return 1LL * n * c * in[0] * in[1] * in[2]; }
  constexpr long long outputs() const { return 1LL * n * k * positions(); }
  constexpr long long weights() const { return 1LL * k * (c / groups) * window[0] * window[1] * window[2]; }
  constexpr int taps() const { return window[0] * window[1] * window[2]; }
};

inline constexpr double kBatchNormEpsilon = 1e-5;

/// Where values come from: one stream of element.hpp.
struct Stream {
  U64 base;
  int amplitude;
  Type type;
};

// Called, not copied into its dozen places: NVRTC then takes a fraction of the time.
__attribute__((noinline)) inline double value_at(const Stream& stream, U64 index) {
  return element_value(stream.base, index, stream.amplitude, stream.type);
}

/// One element of a tensor by its coordinates.
struct Place {
  int outer, channel, at[3];
};

constexpr U64 index_of(const Place& p, int channels, int depth, int height, int width, int channels_last) {
  if (channels_last != 0) {
    return (((static_cast<U64>(p.outer) * depth + p.at[0]) * height + p.at[1]) * width + p.at[2]) * channels +
           p.channel;
  }
  return (((static_cast<U64>(p.outer) * channels + p.channel) * depth + p.at[0]) * height + p.at[1]) * width + p.at[2];
}

constexpr Place place_of(U64 index, int channels, int depth, int height, int width, int channels_last) {
  Place p{};
  if (channels_last != 0) {
    p.channel = static_cast<int>(index % channels);
    index /= channels;
  }
  p.at[2] = static_cast<int>(index % width);
  p.at[1] = static_cast<int>(index / width % height);
  p.at[0] = static_cast<int>(index / width / height % depth);
  index = index / width / height / depth;
  if (channels_last == 0) {
    p.channel = static_cast<int>(index % channels);
    index /= channels;
  }
  p.outer = static_cast<int>(index);
  return p;
}

constexpr U64 input_index(const Operation& o, const Place& p) {
  return index_of(p, o.c, o.in[0], o.in[1], o.in[2], o.channels_last);
}
constexpr U64 output_index(const Operation& o, const Place& p) {
  return index_of(p, o.k, o.out(0), o.out(1), o.out(2), o.channels_last);
}
constexpr U64 weight_index(const Operation& o, const Place& p) {
  return index_of(p, o.c / o.groups, o.window[0], o.window[1], o.window[2], o.channels_last);
}

/// The input position that tap `tap` of the window at output `out` sees; false outside of the picture.
constexpr bool seen(const Operation& o, const int out[3], const int tap[3], int in[3]) {
  for (int d = 0; d < 3; ++d) {
    in[d] = out[d] * o.stride[d] + tap[d] - o.pad[d];
    if (in[d] < 0 || in[d] >= o.in[d]) return false;
  }
  return true;
}

inline double forward_element(const Operation& o, const Stream& x, const Stream& w, U64 index) {
  const Place y = place_of(index, o.k, o.out(0), o.out(1), o.out(2), o.channels_last);
  const int each = o.c / o.groups;
  const int first = y.channel / (o.k / o.groups) * each;
  double sum = 0;
  Place weight{};
  weight.outer = y.channel;
  for (weight.at[0] = 0; weight.at[0] < o.window[0]; ++weight.at[0]) {
    for (weight.at[1] = 0; weight.at[1] < o.window[1]; ++weight.at[1]) {
      for (weight.at[2] = 0; weight.at[2] < o.window[2]; ++weight.at[2]) {
        Place in{};
        in.outer = y.outer;
        if (!seen(o, y.at, weight.at, in.at)) continue;
        for (int c = 0; c < each; ++c) {
          in.channel = first + c;
          weight.channel = c;
          sum += value_at(x, input_index(o, in)) * value_at(w, weight_index(o, weight));
        }
      }
    }
  }
  return sum;
}

/// The gradient with respect to the input, from that of the output (`dy`) and the weights.
inline double data_gradient_element(const Operation& o, const Stream& dy, const Stream& w, U64 index) {
  const Place x = place_of(index, o.c, o.in[0], o.in[1], o.in[2], o.channels_last);
  const int each = o.k / o.groups;
  const int group = x.channel / (o.c / o.groups);
  double sum = 0;
  Place weight{};
  weight.channel = x.channel % (o.c / o.groups);
  for (weight.at[0] = 0; weight.at[0] < o.window[0]; ++weight.at[0]) {
    for (weight.at[1] = 0; weight.at[1] < o.window[1]; ++weight.at[1]) {
      for (weight.at[2] = 0; weight.at[2] < o.window[2]; ++weight.at[2]) {
        Place out{};
        out.outer = x.outer;
        bool there = true;
        for (int d = 0; d < 3; ++d) {
          const int from = x.at[d] + o.pad[d] - weight.at[d];
          out.at[d] = from / o.stride[d];
          there = there && from >= 0 && from % o.stride[d] == 0 && out.at[d] < o.out(d);
        }
        if (!there) continue;
        for (int k = 0; k < each; ++k) {
          out.channel = group * each + k;
          weight.outer = out.channel;
          sum += value_at(dy, output_index(o, out)) * value_at(w, weight_index(o, weight));
        }
      }
    }
  }
  return sum;
}

/// The gradient with respect to the weights, from the input and the gradient of the output.
inline double weight_gradient_element(const Operation& o, const Stream& x, const Stream& dy, U64 index) {
  const Place w = place_of(index, o.c / o.groups, o.window[0], o.window[1], o.window[2], o.channels_last);
  double sum = 0;
  Place out{}, in{};
  out.channel = w.outer;
  in.channel = w.outer / (o.k / o.groups) * (o.c / o.groups) + w.channel;
  for (out.outer = 0; out.outer < o.n; ++out.outer) {
    in.outer = out.outer;
    for (out.at[0] = 0; out.at[0] < o.out(0); ++out.at[0]) {
      for (out.at[1] = 0; out.at[1] < o.out(1); ++out.at[1]) {
        for (out.at[2] = 0; out.at[2] < o.out(2); ++out.at[2]) {
          if (!seen(o, out.at, w.at, in.at)) continue;
          sum += value_at(x, input_index(o, in)) * value_at(dy, output_index(o, out));
        }
      }
    }
  }
  return sum;
}

inline double pool_element(const Operation& o, const Stream& x, U64 index) {
  const Place y = place_of(index, o.k, o.out(0), o.out(1), o.out(2), o.channels_last);
  double most = -1e300, sum = 0;
  int tap[3];
  for (tap[0] = 0; tap[0] < o.window[0]; ++tap[0]) {
    for (tap[1] = 0; tap[1] < o.window[1]; ++tap[1]) {
      for (tap[2] = 0; tap[2] < o.window[2]; ++tap[2]) {
        Place in{};
        in.outer = y.outer;
        in.channel = y.channel;
        if (!seen(o, y.at, tap, in.at)) continue;
        const double value = value_at(x, input_index(o, in));
        if (value > most) most = value;
        sum += value;
      }
    }
  }
  return o.kind == OperationKind::kMaxPool ? most : sum / o.taps();
}

/// Normalised over n and all positions of a channel, then scaled and shifted: scale and shift of channel c are elements
/// 2c and 2c + 1 of `affine`.
inline double batch_norm_element(const Operation& o, const Stream& x, const Stream& affine, U64 index) {
  const Place own = place_of(index, o.c, o.in[0], o.in[1], o.in[2], o.channels_last);
  double sum = 0, squares = 0;
  Place p = own;
  for (p.outer = 0; p.outer < o.n; ++p.outer) {
    for (p.at[0] = 0; p.at[0] < o.in[0]; ++p.at[0]) {
      for (p.at[1] = 0; p.at[1] < o.in[1]; ++p.at[1]) {
        for (p.at[2] = 0; p.at[2] < o.in[2]; ++p.at[2]) {
          const double value = value_at(x, input_index(o, p));
          sum += value;
          squares += value * value;
        }
      }
    }
  }
  const double count = 1.0 * o.n * o.in[0] * o.in[1] * o.in[2];
  const double mean = sum / count;
  double variance = squares / count - mean * mean;
  if (o.kind == OperationKind::kBatchNormInference) variance *= count / (count - 1);
  return (value_at(x, index) - mean) / sqrt(variance + kBatchNormEpsilon) * value_at(affine, 2ULL * own.channel) +
         value_at(affine, 2ULL * own.channel + 1);
}

/// Element `index` of the output, in memory order. `a` and `b` are the two inputs in the order of the functions above;
/// pooling and activations have one.
inline double operation_element(const Operation& o, const Stream& a, const Stream& b, U64 index) {
  switch (o.kind) {
    case OperationKind::kForward:
      return forward_element(o, a, b, index);
    case OperationKind::kDataGradient:
      return data_gradient_element(o, a, b, index);
    case OperationKind::kWeightGradient:
      return weight_gradient_element(o, a, b, index);
    case OperationKind::kMaxPool:
    case OperationKind::kAveragePool:
      return pool_element(o, a, index);
    case OperationKind::kBatchNormTraining:
    case OperationKind::kBatchNormInference:
      return batch_norm_element(o, a, b, index);
    default: {
      const double x = value_at(a, index);
      if (o.kind == OperationKind::kRelu) return x > 0 ? x : 0;
      return o.kind == OperationKind::kSigmoid ? 1 / (1 + exp(-x)) : tanh(x);
    }
  }
}

}  // namespace envforge::validator::numbers
