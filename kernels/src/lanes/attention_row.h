// A row of attention scores: softmax with the log-sum-exp that the backward
// needs, and that backward.
#pragma once

#include "lanes/softmax_row.h"

namespace clipa {

// x[0..n) = 0
template <class L>
CLIPA_ROW void zero_row(int64_t n, float* x) {
  for_lanes<L>(n, [&](auto, auto write) { write(x, L::splat(0)); });
}

// s = softmax of its first `seen` values, 0 for the others of n; *lse = the
// log-sum-exp, unless lse is null.
template <class L>
CLIPA_ROW void attention_row(int64_t n, int64_t seen, float* s, float* lse) {
  const float largest = max_row<L>(seen, s);
  const float total = exp_row<L>(seen, s, largest, s);
  const float inverse = 1 / total;
  for_lanes<L>(seen, [&](auto read, auto write) { write(s, read(s) * inverse); });
  zero_row<L>(n - seen, s + seen);
  if (lse != nullptr) *lse = largest + logf(total);
}

// p: scores -> probabilities, from their log-sum-exp; dp: their gradient -> the
// gradient of q k^T, p (dp - dot) scale, where dot = sum(p dp) = y dy.
template <class L>
CLIPA_ROW void attention_backward_row(int64_t n, int64_t seen, float lse, float dot, float scale,
                                      float* p, float* dp) {
  for_lanes<L>(seen, [&](auto read, auto write) {
    const typename L::V value = lane_exp<L>(read(p) - lse);
    write(p, value);
    write(dp, value * (read(dp) - dot) * scale);
  });
  zero_row<L>(n - seen, p + seen);
  zero_row<L>(n - seen, dp + seen);
}

}  // namespace clipa
