// Softmax of a row, and its backward.
#pragma once

#include "lanes/lane_math.h"

namespace clipa {

// Largest value of a row of n.
template <class L>
CLIPA_ROW float max_row(int64_t n, const float* x) {
  typename L::V largest = L::splat(-INFINITY);
  int64_t i = 0;
  for (; i + L::kWidth <= n; i += L::kWidth) largest = L::max(largest, L::load(x + i));
  if (i < n) largest = L::max(largest, L::load_part(x + i, n - i, -INFINITY));
  return L::reduce_max(largest);
}

// y = exp(x - shift); returns the sum of y. x and y may be the same.
template <class L>
CLIPA_ROW float exp_row(int64_t n, const float* x, float shift, float* y) {
  typename L::V total = L::splat(0);
  int64_t i = 0;
  for (; i + L::kWidth <= n; i += L::kWidth) {
    const typename L::V e = lane_exp<L>(L::load(x + i) - shift);
    L::store(y + i, e);
    total += e;
  }
  if (i < n) {
    const typename L::V e = lane_exp<L>(L::load_part(x + i, n - i, -INFINITY) - shift);
    L::store_part(y + i, e, n - i);
    total += e;
  }
  return L::reduce_sum(total);
}

template <class L>
CLIPA_ROW void softmax_row(int64_t n, const float* x, float* y) {
  const float inverse = 1 / exp_row<L>(n, x, max_row<L>(n, x), y);
  for_lanes<L>(n, [&](auto read, auto write) { write(y, read(y) * inverse); });
}

// dx = y (dy - sum(y dy)) + acc
template <class L>
CLIPA_ROW void softmax_backward_row(int64_t n, const float* y, const float* dy, const float* acc,
                                    float* dx) {
  typename L::V total = L::splat(0);
  for_lanes<L>(n, [&](auto read, auto) { total += read(y) * read(dy); });
  const float dot = L::reduce_sum(total);
  for_lanes<L>(n, [&](auto read, auto write) {
    const typename L::V d = read(y) * (read(dy) - dot);
    write(dx, acc != nullptr ? d + read(acc) : d);
  });
}

}  // namespace clipa
