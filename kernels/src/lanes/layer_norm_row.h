// Layer normalisation of a row, and its backward.
#pragma once

#include "lanes/lanes.h"

namespace clipa {

// A row whose sum is known, by lanes; the variance is taken about the mean.
template <class L>
CLIPA_ROW void layer_norm_of_sum(int64_t n, float eps, typename L::V total, const float* x,
                                 const float* gamma, const float* beta, float* y, float* mean_out,
                                 float* rstd_out) {
  using V = typename L::V;
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

template <class L>
CLIPA_ROW void layer_norm_row(int64_t n, float eps, const float* x, const float* gamma,
                              const float* beta, float* y, float* mean_out, float* rstd_out) {
  typename L::V total = L::splat(0);
  for_lanes<L>(n, [&](auto read, auto) { total += read(x); });
  layer_norm_of_sum<L>(n, eps, total, x, gamma, beta, y, mean_out, rstd_out);
}

// The same of sum = x + branch (factor branch, where there are factors), which may be where x or
// branch is.
template <class L>
CLIPA_ROW void residual_layer_norm_row(int64_t n, float eps, const float* x, const float* branch,
                                       const float* factor, const float* gamma, const float* beta,
                                       float* sum, float* y, float* mean_out, float* rstd_out) {
  using V = typename L::V;
  V total = L::splat(0);
  for_lanes<L>(n, [&](auto read, auto write) {
    V part = read(branch);
    if (factor != nullptr) part *= read(factor);
    const V value = part + read(x);
    write(sum, value);
    total += value;
  });
  layer_norm_of_sum<L>(n, eps, total, sum, gamma, beta, y, mean_out, rstd_out);
}

// dx = rstd (g - mean(g) - xhat mean(g xhat)) + acc with g = dy gamma, xhat =
// (x - mean) rstd. also(read, write, dy, dy xhat) is called for every vector, and then
// last(read, write, dx).
template <class L, class Also, class Last>
CLIPA_ROW void layer_norm_backward_row(int64_t n, const float* dy, const float* x,
                                       const float* gamma, float mean, float rstd, const float* acc,
                                       float* dx, Also also, Last last) {
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
    const V whole = acc != nullptr ? d + read(acc) : d;
    write(dx, whole);
    last(read, write, whole);
  });
}

// The same; adds dy xhat to dgamma and dy to dbeta.
template <class L>
CLIPA_ROW void layer_norm_backward_row(int64_t n, const float* dy, const float* x,
                                       const float* gamma, float mean, float rstd, const float* acc,
                                       float* dx, float* dgamma, float* dbeta) {
  using V = typename L::V;
  layer_norm_backward_row<L>(
      n, dy, x, gamma, mean, rstd, acc, dx,
      [&](auto read, auto write, V d, V dxhat) {
        write(dgamma, read(dgamma) + dxhat);
        write(dbeta, read(dbeta) + d);
      },
      [](auto, auto, V) {});
}

// The same of a row of x + factor branch; adds dx branch to dfactor.
template <class L>
CLIPA_ROW void scaled_layer_norm_backward_row(int64_t n, const float* dy, const float* sum,
                                              const float* gamma, float mean, float rstd,
                                              const float* acc, const float* branch,
                                              const float* factor, float* dx, float* dgamma,
                                              float* dbeta, float* dbranch, float* dfactor) {
  using V = typename L::V;
  layer_norm_backward_row<L>(
      n, dy, sum, gamma, mean, rstd, acc, dx,
      [&](auto read, auto write, V d, V dxhat) {
        write(dgamma, read(dgamma) + dxhat);
        write(dbeta, read(dbeta) + d);
      },
      [&](auto read, auto write, V whole) {
        write(dbranch, whole * read(factor));
        write(dfactor, read(dfactor) + whole * read(branch));
      });
}

// The same without those sums.
template <class L>
CLIPA_ROW void layer_norm_backward_row(int64_t n, const float* dy, const float* x,
                                       const float* gamma, float mean, float rstd, const float* acc,
                                       float* dx) {
  using V = typename L::V;
  layer_norm_backward_row<L>(
      n, dy, x, gamma, mean, rstd, acc, dx, [](auto, auto, V, V) {}, [](auto, auto, V) {});
}

}  // namespace clipa
