// Matrix products of a few dozen rows and columns, as attention on short
// sequences needs them.
#pragma once

#include <cstdint>

#include "lanes/lanes.h"

namespace clipa {

// out[rows, columns] = a b, where a(r, k) = a[r * a_row + k * a_step] and b(k,
// c) = b[k * b_row + c]. The strides of a let it be read transposed.
struct SmallProduct {
  int64_t rows, columns, inner;
  const float* a;
  int64_t a_row, a_step;
  const float* b;
  int64_t b_row;
  float* out;
  int64_t out_row;
};

// A block of kRows rows and kVectors vectors, summed in registers; `part` > 0
// is the number of columns in the last vector, if kPart.
template <class L, int kRows, int kVectors, bool kPart>
inline void product_block(const SmallProduct& p, int64_t row, int64_t column, int64_t part) {
  constexpr int kW = L::kWidth;
  const auto partial = [](int v) { return kPart && v == kVectors - 1; };
  typename L::V sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[r][v] = L::splat(0);
  }
  const float* a = p.a + row * p.a_row;
  const float* b = p.b + column;
  for (int64_t k = 0; k < p.inner; ++k, a += p.a_step, b += p.b_row) {
    typename L::V columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      columns[v] = partial(v) ? L::load_part(b + v * kW, part) : L::load(b + v * kW);
    }
    for (int r = 0; r < kRows; ++r) {
      const float value = a[r * p.a_row];
      for (int v = 0; v < kVectors; ++v) sum[r][v] += value * columns[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* out = p.out + (row + r) * p.out_row + column;
    for (int v = 0; v < kVectors; ++v) {
      if (partial(v)) {
        L::store_part(out + v * kW, sum[r][v], part);
      } else {
        L::store(out + v * kW, sum[r][v]);
      }
    }
  }
}

// The last rows, fewer than kRows.
template <class L, int kRows, int kVectors, bool kPart>
inline void product_rest(const SmallProduct& p, int64_t row, int64_t column, int64_t part) {
  if constexpr (kRows > 1) {
    if (p.rows - row == kRows - 1) {
      product_block<L, kRows - 1, kVectors, kPart>(p, row, column, part);
    } else {
      product_rest<L, kRows - 1, kVectors, kPart>(p, row, column, part);
    }
  }
}

template <class L, int kVectors, bool kPart>
inline void product_columns(const SmallProduct& p, int64_t column, int64_t part) {
  // Sums in flight: enough to hide the latency of an FMA, few enough for the
  // registers.
  constexpr int kRows = kVectors >= 2 ? 6 : 8;
  int64_t row = 0;
  for (; row + kRows <= p.rows; row += kRows) {
    product_block<L, kRows, kVectors, kPart>(p, row, column, part);
  }
  product_rest<L, kRows, kVectors, kPart>(p, row, column, part);
}

template <class L, int kVectors>
inline void product_columns(const SmallProduct& p, int64_t column, int64_t part) {
  if (part > 0) {
    product_columns<L, kVectors, true>(p, column, part);
  } else {
    product_columns<L, kVectors, false>(p, column, part);
  }
}

inline void small_product(const SmallProduct& p) {
  using L = CpuLanes;
  constexpr int64_t kW = L::kWidth;
  constexpr int64_t kMost = kW == 16 ? 4 : 2;  // 32 registers, or 16
  int64_t column = 0;
  while (column < p.columns) {
    const int64_t left = p.columns - column;
    if constexpr (kW == 16) {
      // Half a vector costs half as much.
      if (left <= 8) return product_columns<Lanes<8>, 1>(p, column, left % 8);
    }
    const int64_t whole = left / kW < kMost ? left / kW : kMost;
    const bool joined = whole < kMost && left % kW > (kW == 16 ? 8 : 0);
    const int64_t part = joined ? left % kW : 0;
    switch (whole + (joined ? 1 : 0)) {
      case 1:
        product_columns<L, 1>(p, column, part);
        break;
      case 2:
        product_columns<L, 2>(p, column, part);
        break;
      case 3:
        product_columns<L, kMost >= 3 ? 3 : 1>(p, column, part);
        break;
      default:
        product_columns<L, kMost>(p, column, part);
    }
    column += joined ? left : whole * kW;
  }
}

}  // namespace clipa
