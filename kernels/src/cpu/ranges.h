// Small helpers that several op families share.
#pragma once

#include <cstdint>

#include "base/op.h"

namespace clipa {

// Elements of one task of an element-wise op: a multiple of every vector width.
constexpr int64_t kElementGrain = 16384;

inline int64_t first_dim(const Op& op, int) { return op.dims[0]; }
inline int64_t element_grain(const Op&, int) { return kElementGrain; }

// Rows per task so that a task touches about 16k floats of a row of `width`.
inline int64_t rows_per_task(int64_t width) {
  const int64_t rows = kElementGrain / (width > 0 ? width : 1);
  return rows > 0 ? rows : 1;
}

inline bool positive(const Op& op, int count) {
  for (int i = 0; i < count; ++i) {
    if (op.dims[i] < 1) return false;
  }
  return true;
}

inline const char* check_dims(const Op& op, int count) {
  return positive(op, count) ? nullptr : "every dimension must be positive";
}

}  // namespace clipa
