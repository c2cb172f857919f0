// Layer normalisation of a row, and its backward.
#pragma once

#include "lanes/lanes.h"

namespace clipa {

// Two passes over a row in cache: the variance is taken about the mean.
template <class L>
CLIPA_ROW void layer_norm_row(int64_t n, float eps, const float* x, const float* gamma,
                              const float* beta, float* y, float* mean_out, float* rstd_out) {
  using V = typename L::V;
  V total = L::splat(0);
  for_lanes<L>(n, [&](auto read, auto) { total += read(x); });
  const float mean = L::reduce_sum(total) / static_cast<float>(n);
  V squares = L::splat(0);
  int64_t i = 0;
  for (; i + L::kWidth <= n; i += L::kWidth) {
    const V d = L::load(x + i) - mean;
    squares += d * d;
  }
  if (i < n) {
    const V d = L::load_part(x + i, n - i, mean) - mean;
    squares += d * d;
  }
  const float variance = L::reduce_sum(squares) / static_cast<float>(n);
  const float rstd = 1 / sqrtf(variance + eps);
  for_lanes<L>(n, [&](auto read, auto write) {
    write(y, (read(x) - mean) * rstd * read(gamma) + read(beta));
  });
  *mean_out = mean;
  *rstd_out = rstd;
}

// dx = rstd (g - mean(g) - xhat mean(g xhat)) + acc with g = dy gamma, xhat =
// (x - mean) rstd. also(read, write, dy, dy xhat) is called for every vector.
template <class L, class Also>
CLIPA_ROW void layer_norm_backward_row(int64_t n, const float* dy, const float* x,
                                       const float* gamma, float mean, float rstd, const float* acc,
                                       float* dx, Also also) {
  using V = typename L::V;
  V sum_g = L::splat(0);
  V sum_gx = L::splat(0);
  for_lanes<L>(n, [&](auto read, auto write) {
    const V d = read(dy);
    const V xhat = (read(x) - mean) * rstd;
    const V g = d * read(gamma);
    sum_g += g;
    sum_gx += g * xhat;
    also(read, write, d, d * xhat);
  });
  const float mean_g = L::reduce_sum(sum_g) / static_cast<float>(n);
  const float mean_gx = L::reduce_sum(sum_gx) / static_cast<float>(n);
  for_lanes<L>(n, [&](auto read, auto write) {
    const V xhat = (read(x) - mean) * rstd;
    const V d = rstd * (read(dy) * read(gamma) - mean_g - xhat * mean_gx);
    write(dx, acc != nullptr ? d + read(acc) : d);
  });
}

// The same; adds dy xhat to dgamma and dy to dbeta.
template <class L>
CLIPA_ROW void layer_norm_backward_row(int64_t n, const float* dy, const float* x,
                                       const float* gamma, float mean, float rstd, const float* acc,
                                       float* dx, float* dgamma, float* dbeta) {
  using V = typename L::V;
  layer_norm_backward_row<L>(n, dy, x, gamma, mean, rstd, acc, dx,
                             [&](auto read, auto write, V d, V dxhat) {
                               write(dgamma, read(dgamma) + dxhat);
                               write(dbeta, read(dbeta) + d);
                             });
}

// The same without those sums.
template <class L>
CLIPA_ROW void layer_norm_backward_row(int64_t n, const float* dy, const float* x,
                                       const float* gamma, float mean, float rstd, const float* acc,
                                       float* dx) {
  using V = typename L::V;
  layer_norm_backward_row<L>(n, dy, x, gamma, mean, rstd, acc, dx, [](auto, auto, V, V) {});
}

}  // namespace clipa
