// Weights of the antialiased resize, in the order of operations of Pillow: the same on every
// device.
#pragma once

#include <math.h>

#include <cstdint>

#include "clipa_image.h"

#if defined(__CUDACC__)
#define CLIPA_PIXEL __host__ __device__ inline
#else
#define CLIPA_PIXEL inline
#endif

namespace clipa {

// Weights have 22 bits after the point: 32 less 8 for the pixel, less 2 for overshoot and sign.
constexpr int kWeightBits = 32 - 8 - 2;
constexpr int32_t kWeightHalf = 1 << (kWeightBits - 1);

// A product that is rounded before it is added: a fused multiply-add would change the last bit, and
// with it, rarely, a pixel. Compiler flags decide elsewhere, so it is said here.
CLIPA_PIXEL double rounded_product(double x, double y) {
#if defined(__CUDA_ARCH__)
  return __dmul_rn(x, y);
#else
  double product = x * y;
  asm("" : "+m"(product));
  return product;
#endif
}

CLIPA_PIXEL double triangle(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

// Keys' cubic with a = -0.5.
CLIPA_PIXEL double cubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1) {
    return rounded_product(rounded_product(rounded_product(a + 2, x) - (a + 3), x), x) + 1;
  }
  if (x < 2) return (rounded_product(rounded_product(x - 5, x) + 8, x) - 4) * a;
  return 0;
}

// How `in` pixels, of which [from, to) is shown, become `out`.
struct FilterScale {
  int in;
  double from, scale, support, inverse;
  bool bicubic;
};

CLIPA_PIXEL FilterScale filter_scale(int in, float from, float to, int out, int32_t filter) {
  const bool bicubic = filter == CLIPA_FILTER_BICUBIC;
  const double scale = static_cast<double>(to - from) / out;
  // Shrinking widens the filter: that is the antialiasing.
  const double stretch = scale > 1.0 ? scale : 1.0;
  return {in, from, scale, (bicubic ? 2.0 : 1.0) * stretch, 1.0 / stretch, bicubic};
}

// The most taps that an output pixel has.
CLIPA_PIXEL int most_taps(const FilterScale& s) {
  return static_cast<int>(ceil(s.support)) * 2 + 1;
}

// The input pixels that output pixel i is made of.
struct Taps {
  int first, count;
  double centre;
};

CLIPA_PIXEL Taps taps_of(const FilterScale& s, int i) {
  const double centre = s.from + rounded_product(i + 0.5, s.scale);
  const int first = static_cast<int>(centre - s.support + 0.5);
  const int end = static_cast<int>(centre + s.support + 0.5);
  const int begin = first > 0 ? first : 0;
  return {begin, (s.in < end ? s.in : end) - begin, centre};
}

// The weight of tap k before all are divided by their sum.
CLIPA_PIXEL double tap_weight(const FilterScale& s, const Taps& taps, int k) {
  const double x = rounded_product(k + taps.first - taps.centre + 0.5, s.inverse);
  return s.bicubic ? cubic(x) : triangle(x);
}

CLIPA_PIXEL int32_t fixed_weight(double weight) {
  const double scaled = weight * (1 << kWeightBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

CLIPA_PIXEL uint8_t clip_sum(int32_t sum) {
  const int32_t value = sum >> kWeightBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

}  // namespace clipa
