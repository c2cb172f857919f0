// The exact score: what a row is ranked by.
#pragma once

#include <cstdint>
#include <cstring>

namespace clipa {

// The float32 nearest to the inner product. Products of float32 are exact in float64, so whether
// they are fused into the sums changes no bit; the eight partial sums and their folding do not
// depend on the instruction set.
inline float exact_score(const float* a, const float* b, int64_t width) {
  typedef float F8 __attribute__((vector_size(32)));
  typedef double D8 __attribute__((vector_size(64)));
  D8 sums = {};
  int64_t i = 0;
  for (; i + 8 <= width; i += 8) {
    F8 x, y;
    std::memcpy(&x, a + i, sizeof x);
    std::memcpy(&y, b + i, sizeof y);
    sums += __builtin_convertvector(x, D8) * __builtin_convertvector(y, D8);
  }
  for (int lane = 0; i < width; ++i, ++lane) {
    sums[lane] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  const double low = (sums[0] + sums[4]) + (sums[2] + sums[6]);
  const double high = (sums[1] + sums[5]) + (sums[3] + sums[7]);
  return static_cast<float>(low + high);
}

}  // namespace clipa
