// Symmetric InfoNCE in chunks: logits of some rows against some columns at a time, with a running
// log-sum-exp, so that memory does not grow with the square of the batch.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/op.h"
#include "cpu/gemm.h"
#include "cpu/pair_blocks.h"
#include "lanes/softmax_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

void add_inputs(const Op& op, Needs& needs) {
  add_features(op, needs);
  needs.add(1);
}

uint64_t block_scratch(const Op&) { return sizeof(float) * kPairRows * (kPairColumns + kPairRows); }

// z[rows, columns] = scale * a[first_row..] b[first_column..]^T
void logits(const PairDims& d, float scale, const float* a, int64_t first_row, int64_t rows,
            const float* b, int64_t first_column, int64_t columns, float* z) {
  gemm(false, true, rows, columns, d.width, scale, a + first_row * d.width, d.width,
       b + first_column * d.width, d.width, 0, z, columns);
}

// --- forward: image, text, logit_scale -> loss, lse_image, lse_text, hits

void forward_needs(const Op& op, Needs& needs) {
  const PairDims d(op);
  add_inputs(op, needs);
  needs.add(1);
  needs.add(d.local);
  needs.add(d.local);
  needs.add(2);
  needs.refuse(check_pairs(op));
}

void forward_rows(const Op& op, const PairDims& d, int side, int64_t first, int64_t rows, float* z,
                  PairsFound* found) {
  const float scale = std::exp(op.in(2)[0]);
  const float* a = op.in(side);
  const float* b = op.in(1 - side);
  float largest[kPairRows], total[kPairRows];
  Rivals rivals;
  std::fill(largest, largest + rows, -INFINITY);
  std::fill(total, total + rows, 0.0f);
  const int64_t own = d.offset + first;
  partners_first(d, own, rows, [&](int64_t column, int64_t columns) {
    logits(d, scale, a, own, rows, b, column, columns, z);
    rivals.absorb(own, rows, column, columns, z);
    for (int64_t r = 0; r < rows; ++r) {
      float* row = z + r * columns;
      const float now = std::max(largest[r], max_row<L>(columns, row));
      total[r] = total[r] * std::exp(largest[r] - now) + exp_row<L>(columns, row, now, row);
      largest[r] = now;
    }
  });
  *found = {0, 0};
  for (int64_t r = 0; r < rows; ++r) {
    const float lse = largest[r] + std::log(total[r]);
    op.out(4 + side)[first + r] = lse;
    found->loss += lse - rivals.partner(r);
    found->hits += rivals.hit(r) ? 1 : 0;
  }
}

const char* forward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const PairDims d(op);
  if (phase == 1) {
    total_pairs(op, run, 1 / (2 * static_cast<double>(d.total)), op.out(3), op.out(6));
    return nullptr;
  }
  find_pairs(op, begin, end, run,
             [&](int side, int64_t first, int64_t rows, float* z, PairsFound* found) {
               forward_rows(op, d, side, first, rows, z, found);
             });
  return nullptr;
}

// --- backward: image, text, logit_scale, lse_image, lse_text -> dimage, dtext, dlogit_scale
// With p the softmax over a row: d loss / d logit(i, j) = (p_i(j) - [i = j] + q_j(i) - [i = j]) /
// 2N, the first pair from image row i, the second from text row j, each only where that row is
// local.

void backward_needs(const Op& op, Needs& needs) {
  const PairDims d(op);
  add_inputs(op, needs);
  needs.add(d.local);
  needs.add(d.local);
  needs.add(Extent(d.total) * d.width);
  needs.add(Extent(d.total) * d.width);
  needs.add(1);
  needs.refuse(check_pairs(op));
}

uint64_t backward_workspace(const Op& op) { return sizeof(double) * pair_chunks(op.dims[1]); }

// Turns logits into their gradient; returns the sum of gradient times logit.
double logit_gradient(const Op& op, const PairDims& d, int side, int64_t first, int64_t rows,
                      int64_t column, int64_t columns, float* z) {
  const float weight = op.scalars[0] / (2 * static_cast<float>(d.total));
  const float* row_lse = op.in(3 + side) - d.offset;
  const float* column_lse = op.in(4 - side) - d.offset;
  const int64_t begin = std::clamp(d.offset, column, column + columns) - column;
  const int64_t end = std::clamp(d.offset + d.local, column, column + columns) - column;
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t i = first + r;
    const bool local_row = i >= d.offset && i < d.offset + d.local;
    float* row = z + r * columns;
    float gradient[kPairColumns];
    std::memset(gradient, 0, sizeof(float) * columns);
    if (local_row) {
      const float shift = row_lse[i];
      for_lanes<L>(columns,
                   [&](auto read, auto write) { write(gradient, lane_exp<L>(read(row) - shift)); });
    }
    if (end > begin) {
      const float* lse = column_lse + column + begin;
      for_lanes<L>(end - begin, [&](auto read, auto write) {
        const L::V p = lane_exp<L>(read(row + begin) - read(lse));
        write(gradient + begin, read(gradient + begin) + p);
      });
    }
    // The pair itself: once for each of its two rows that is local, which is both or none.
    if (local_row && i >= column && i < column + columns) gradient[i - column] -= 2;
    L::V products = L::splat(0);
    for_lanes<L>(columns, [&](auto read, auto write) {
      const L::V g = read(gradient) * weight;
      products += g * read(row);
      write(row, g);
    });
    sum += L::reduce_sum(products);
  }
  return sum;
}

const char* backward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const PairDims d(op);
  const int64_t count = pair_chunks(d.total);
  double* sums = reinterpret_cast<double*>(run.workspace);
  if (phase == 1) {
    double total = op.flag(CLIPA_FLAG_ACCUMULATE) ? op.out(7)[0] : 0;
    for (int64_t item = 0; item < count; ++item) total += sums[item];
    op.out(7)[0] = static_cast<float>(total);
    return nullptr;
  }
  float* z = reinterpret_cast<float*>(run.scratch);
  const float scale = std::exp(op.in(2)[0]);
  for (int64_t item = begin; item < end; ++item) {
    const int side = static_cast<int>(item / count);
    const int64_t first = item % count * kPairRows;
    const int64_t rows = std::min(kPairRows, d.total - first);
    const float* other = op.in(1 - side);
    float* out = op.out(5 + side) + first * d.width;
    double sum = 0;
    // Rows of other ranks only meet this rank's columns; their other gradients are zero.
    const bool meets_all = first < d.offset + d.local && first + rows > d.offset;
    const int64_t from = meets_all ? 0 : d.offset;
    const int64_t to = meets_all ? d.total : d.offset + d.local;
    for (int64_t column = from; column < to; column += kPairColumns) {
      const int64_t columns = std::min(kPairColumns, to - column);
      logits(d, scale, op.in(side), first, rows, other, column, columns, z);
      sum += logit_gradient(op, d, side, first, rows, column, columns, z);
      gemm(false, false, rows, d.width, columns, scale, z, columns, other + column * d.width,
           d.width, column == from ? 0 : 1, out, d.width);
    }
    if (side == 0) sums[item] = sum;
  }
  return nullptr;
}

}  // namespace

const OpSpec kContrastiveOps[] = {
    {CLIPA_OP_CONTRASTIVE, "contrastive", 0, 2, forward_needs, pair_forward_items, no_items,
     pair_forward_workspace, block_scratch, forward_run},
    {CLIPA_OP_CONTRASTIVE_BACKWARD, "contrastive_backward", CLIPA_FLAG_ACCUMULATE, 2,
     backward_needs, pair_backward_items, no_items, backward_workspace, block_scratch,
     backward_run},
    {}};

}  // namespace clipa
