// log(1 + e^x), the loss of a logit that should be low.
#pragma once

#include "lanes/lane_math.h"

namespace clipa {

// log(1 + e) for 0 <= e <= 1, exact to a few ulp for small e too: 2 atanh(s) with s = e / (2 + e)
// <= 1/3, whose series may end after s^17: the next term is below 1e-10 of the sum.
template <class L>
CLIPA_ROW typename L::V lane_log1p_unit(typename L::V e) {
  using V = typename L::V;
  const V s = e / (e + 2.0f);
  const V q = s * s;
  V p = L::splat(1.0f / 17);
  p = p * q + 1.0f / 15;
  p = p * q + 1.0f / 13;
  p = p * q + 1.0f / 11;
  p = p * q + 1.0f / 9;
  p = p * q + 1.0f / 7;
  p = p * q + 1.0f / 5;
  p = p * q + 1.0f / 3;
  return 2.0f * (s + s * q * p);
}

template <class L>
CLIPA_ROW typename L::V lane_softplus(typename L::V x) {
  return L::max(L::splat(0), x) + lane_log1p_unit<L>(lane_exp<L>(-L::abs(x)));
}

// Sum of log(1 + e^x) over a row of n.
template <class L>
CLIPA_ROW float softplus_sum(int64_t n, const float* x) {
  typename L::V total = L::splat(0);
  int64_t i = 0;
  for (; i + L::kWidth <= n; i += L::kWidth) total += lane_softplus<L>(L::load(x + i));
  if (i < n) total += lane_softplus<L>(L::load_part(x + i, n - i, -INFINITY));
  return L::reduce_sum(total);
}

}  // namespace clipa
