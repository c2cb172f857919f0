// Matrix products of a few dozen rows and columns, as attention on short sequences needs them.
#pragma once

#include <cstdint>

#include "lanes/lanes.h"

namespace clipa {

// A block of kRows x kVectors vectors of out (+)= a b, in registers.
template <int kRows, int kVectors, bool kAdd>
inline void product_block(int64_t inner, const float* a, int64_t a_row, int64_t a_step,
                          const float* b, int64_t b_row, float* out, int64_t out_row,
                          int64_t last_lanes) {
  using L = CpuLanes;
  constexpr int kW = L::kWidth;
  L::V sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const float* at = out + r * out_row + v * kW;
      if (!kAdd) {
        sum[r][v] = L::splat(0);
      } else {
        sum[r][v] =
            v == kVectors - 1 && last_lanes < kW ? L::load_part(at, last_lanes) : L::load(at);
      }
    }
  }
  for (int64_t k = 0; k < inner; ++k) {
    L::V columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      const float* at = b + k * b_row + v * kW;
      columns[v] =
          v == kVectors - 1 && last_lanes < kW ? L::load_part(at, last_lanes) : L::load(at);
    }
    for (int r = 0; r < kRows; ++r) {
      const float value = a[r * a_row + k * a_step];
      for (int v = 0; v < kVectors; ++v) sum[r][v] += value * columns[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      float* at = out + r * out_row + v * kW;
      if (v == kVectors - 1 && last_lanes < kW) {
        L::store_part(at, sum[r][v], last_lanes);
      } else {
        L::store(at, sum[r][v]);
      }
    }
  }
}

template <int kVectors, bool kAdd>
inline void product_rows(int64_t rows, int64_t inner, const float* a, int64_t a_row, int64_t a_step,
                         const float* b, int64_t b_row, float* out, int64_t out_row,
                         int64_t last_lanes) {
  int64_t r = 0;
  for (; r + 6 <= rows; r += 6) {
    product_block<6, kVectors, kAdd>(inner, a + r * a_row, a_row, a_step, b, b_row,
                                     out + r * out_row, out_row, last_lanes);
  }
  for (; r + 2 <= rows; r += 2) {
    product_block<2, kVectors, kAdd>(inner, a + r * a_row, a_row, a_step, b, b_row,
                                     out + r * out_row, out_row, last_lanes);
  }
  if (r < rows) {
    product_block<1, kVectors, kAdd>(inner, a + r * a_row, a_row, a_step, b, b_row,
                                     out + r * out_row, out_row, last_lanes);
  }
}

// out[rows, columns] (+)= a b, where a(r, k) = a[r * a_row + k * a_step] and b(k, c) = b[k * b_row
// + c]. The strides of a let it be read transposed.
template <bool kAdd = false>
inline void small_product(int64_t rows, int64_t columns, int64_t inner, const float* a,
                          int64_t a_row, int64_t a_step, const float* b, int64_t b_row, float* out,
                          int64_t out_row) {
  constexpr int kW = CpuLanes::kWidth;
  for (int64_t c = 0; c < columns;) {
    const int64_t left = (columns - c + kW - 1) / kW;
    const int64_t vectors = left >= 4 ? 4 : left;
    const int64_t width = columns - c < vectors * kW ? columns - c : vectors * kW;
    const int64_t last = width - (vectors - 1) * kW;
    switch (vectors) {
      case 1:
        product_rows<1, kAdd>(rows, inner, a, a_row, a_step, b + c, b_row, out + c, out_row, last);
        break;
      case 2:
        product_rows<2, kAdd>(rows, inner, a, a_row, a_step, b + c, b_row, out + c, out_row, last);
        break;
      case 3:
        product_rows<3, kAdd>(rows, inner, a, a_row, a_step, b + c, b_row, out + c, out_row, last);
        break;
      default:
        product_rows<4, kAdd>(rows, inner, a, a_row, a_step, b + c, b_row, out + c, out_row, last);
    }
    c += width;
  }
}

}  // namespace clipa
