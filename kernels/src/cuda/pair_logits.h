// What both losses over pairs share: logits of some rows against some columns at a time, so that
// memory does not grow with the square of the batch.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda/products.h"
#include "cuda/queue.h"

namespace clipa {

constexpr int64_t kPairRows = 2048;     // rows of a block of logits
constexpr int64_t kPairColumns = 4096;  // and columns

// Of `total` pairs this rank owns `local`, from `offset` on.
struct PairDims {
  explicit PairDims(const Op& op)
      : local(op.dims[0]), total(op.dims[1]), width(op.dims[2]), offset(op.dims[3]) {}
  int64_t local, total, width, offset;
  int64_t block() const { return std::min(kPairRows, total) * std::min(kPairColumns, total); }
};

// z[rows, columns] = a[first_row..] b[first_column..]^T, without scale and bias, which are on the
// device.
inline void pair_logits(Queue& queue, const PairDims& d, const float* a, int64_t first_row,
                        int64_t rows, const float* b, int64_t first_column, int64_t columns,
                        float* z) {
  queue.products->multiply(queue, {false, true, rows, columns, d.width, a + first_row * d.width,
                                   b + first_column * d.width, nullptr, z});
}

// Calls block(first, rows, column, columns) for all logits of the local rows, `first` counted from
// the first of them; of each group of rows the block with the rows' own partners comes first.
template <class Block>
void each_local_block(const PairDims& d, Block block) {
  for (int64_t first = 0; first < d.local; first += kPairRows) {
    const int64_t count = std::min(kPairRows, d.local - first), own = d.offset + first;
    block(first, count, own, count);
    for (int64_t column = 0; column < own; column += kPairColumns) {
      block(first, count, column, std::min(kPairColumns, own - column));
    }
    for (int64_t column = own + count; column < d.total; column += kPairColumns) {
      block(first, count, column, std::min(kPairColumns, d.total - column));
    }
  }
}

}  // namespace clipa
