// Sums whose order is fixed by their dimensions: plain loops along the contiguous axis.
#pragma once

#include <cstdint>
#include <cstring>

namespace clipa {

// sums[n] = sum over rows of x[rows, n].
inline void column_sums(int64_t rows, int64_t n, const float* x, float* sums) {
  std::memset(sums, 0, sizeof(float) * n);
  for (int64_t row = 0; row < rows; ++row) {
    const float* values = x + row * n;
    for (int64_t i = 0; i < n; ++i) sums[i] += values[i];
  }
}

// out[begin..end) = (accumulate ? out : 0) + partials[0] + partials[1] + ..., in that order;
// partials are `stride` floats apart.
inline void add_partials(int64_t count, int64_t stride, const float* partials, int64_t begin,
                         int64_t end, bool accumulate, float* out) {
  constexpr int64_t kBlock = 512;
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t last = first + kBlock < end ? first + kBlock : end;
    int64_t part = 0;
    if (!accumulate) std::memcpy(out + first, partials + first, sizeof(float) * (last - first));
    for (part = accumulate ? 0 : 1; part < count; ++part) {
      const float* values = partials + part * stride;
      for (int64_t i = first; i < last; ++i) out[i] += values[i];
    }
  }
}

}  // namespace clipa
