// Symmetric InfoNCE in chunks: logits of some rows against some columns at a time, with a running
// log-sum-exp, so that memory does not grow with the square of the batch.
#include "cuda/launch.h"
#include "cuda/pair_logits.h"
#include "cuda/sums.h"
#include "cuda/warp_lanes.h"
#include "lanes/softmax_row.h"

namespace clipa {

namespace {

using L = WarpLanes;

// Of a row, so far.
struct RowState {
  float largest, total, partner;
  int32_t rivals;
};

// Takes a block of logits in; the one with the rows' own partners comes first.
void absorb(Queue& queue, const float* z, const float* logit_scale, int64_t count, int64_t columns,
            bool own, RowState* states) {
  rows(queue, count, [=] __device__(int64_t r) {
    const float scale = expf(*logit_scale);
    const float* row = z + r * columns;
    RowState state = own ? RowState{-INFINITY, 0.0f, row[r] * scale, 0} : states[r];
    float largest = -INFINITY, rivals = 0;
    for (int64_t j = L::lane(); j < columns; j += 32) {
      const float value = row[j] * scale;
      largest = L::max(largest, value);
      // Written so that a NaN counts as a rival: a broken row is no hit.
      rivals += !(own && j == r) && !(value < state.partner) ? 1.0f : 0.0f;
    }
    const float now = L::max(state.largest, L::reduce_max(largest));
    float total = 0;
    for (int64_t j = L::lane(); j < columns; j += 32) total += lane_exp<L>(row[j] * scale - now);
    state.total = state.total * lane_exp<L>(state.largest - now) + L::reduce_sum(total);
    state.largest = now;
    state.rivals += L::reduce_max(rivals) > 0 ? 1 : 0;
    if (L::lane() == 0) states[r] = state;
  });
}

void forward_run(const Op& op, Queue& queue) {
  const PairDims d(op);
  const float* scale = op.in(2);
  float* z = queue.take(d.block());
  RowState* states = queue.take<RowState>(d.local);
  float* losses = queue.take(2 * d.local);
  int32_t* hits = queue.take<int32_t>(2 * d.local);
  for (int side = 0; side < 2; ++side) {
    const float *a = op.in(side), *b = op.in(1 - side);
    each_local_block(d, [&](int64_t first, int64_t count, int64_t column, int64_t columns) {
      const bool own = column == d.offset + first;
      pair_logits(queue, d, a, d.offset + first, count, b, column, columns, z);
      absorb(queue, z, scale, count, columns, own, states + first);
    });
    float* lse = op.out(4 + side);
    const int64_t at = side * d.local;
    each(queue, d.local, [=] __device__(int64_t r) {
      lse[r] = states[r].largest + logf(states[r].total);
      losses[at + r] = lse[r] - states[r].partner;
      hits[at + r] = states[r].rivals == 0 ? 1 : 0;
    });
    float* found = op.out(6) + side;
    total(
        queue, d.local, [=] __device__(int64_t r) { return hits[at + r]; },
        [=] __device__(double sum) { *found = static_cast<float>(sum); });
  }
  float* loss = op.out(3);
  const double pairs = 2 * static_cast<double>(d.total);
  total(
      queue, 2 * d.local, [=] __device__(int64_t r) { return losses[r]; },
      [=] __device__(double sum) { *loss = static_cast<float>(sum / pairs); });
}

// --- backward. With p the softmax over a row: d loss / d logit(i, j) = (p_i(j) - [i = j] + q_j(i)
// - [i = j]) / 2N, the first pair from image row i, the second from text row j, each only where
// that row is local.

struct GradientBlock {
  int64_t first, column, columns, offset, local;
  const float *row_lse, *column_lse;  // by number of the pair, less offset
  float weight;
};

// Turns logits into their gradient times the scale; adds the sum of gradient times logit to sums.
void logit_gradient(Queue& queue, const GradientBlock& block, const float* logit_scale,
                    int64_t count, float* z, double* sums, bool first) {
  rows(queue, count, [=] __device__(int64_t r) {
    const float scale = expf(*logit_scale);
    const int64_t i = block.first + r;
    const bool local_row = i >= block.offset && i < block.offset + block.local;
    float* row = z + r * block.columns;
    const float shift = local_row ? block.row_lse[i - block.offset] : 0.0f;
    float products = 0;
    for (int64_t c = L::lane(); c < block.columns; c += 32) {
      const int64_t j = block.column + c;
      const float logit = row[c] * scale;
      float gradient = local_row ? lane_exp<L>(logit - shift) : 0.0f;
      if (j >= block.offset && j < block.offset + block.local) {
        gradient += lane_exp<L>(logit - block.column_lse[j - block.offset]);
      }
      // The pair itself: once for each of its two rows that is local, which is both or none.
      if (local_row && i == j) gradient -= 2;
      gradient *= block.weight;
      products += gradient * logit;
      row[c] = gradient * scale;
    }
    const double sum = L::reduce_sum(products);
    if (L::lane() == 0 && sums != nullptr) sums[r] = first ? sum : sums[r] + sum;
  });
}

void backward_run(const Op& op, Queue& queue) {
  const PairDims d(op);
  const float* scale = op.in(2);
  float* z = queue.take(d.block());
  double* sums = queue.take<double>(d.total);
  for (int side = 0; side < 2; ++side) {
    const float* other = op.in(1 - side);
    for (int64_t first = 0; first < d.total; first += kPairRows) {
      const int64_t count = std::min(kPairRows, d.total - first);
      float* out = op.out(5 + side) + first * d.width;
      // Rows of other ranks only meet this rank's columns; their other gradients are zero.
      const bool meets_all = first < d.offset + d.local && first + count > d.offset;
      const int64_t from = meets_all ? 0 : d.offset;
      const int64_t to = meets_all ? d.total : d.offset + d.local;
      for (int64_t column = from; column < to; column += kPairColumns) {
        const int64_t columns = std::min(kPairColumns, to - column);
        pair_logits(queue, d, op.in(side), first, count, other, column, columns, z);
        const GradientBlock block{
            first,           column,
            columns,         d.offset,
            d.local,         op.in(3 + side),
            op.in(4 - side), op.scalars[0] / (2 * static_cast<float>(d.total))};
        logit_gradient(queue, block, scale, count, z, side == 0 ? sums + first : nullptr,
                       column == from);
        Product product{false,   false, count, d.width, columns, z, other + column * d.width,
                        nullptr, out};
        if (column != from) {
          product.c = out;
          product.beta = 1;
        }
        queue.products->multiply(queue, product);
      }
    }
  }
  float* dscale = op.out(7);
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  total(
      queue, d.total, [=] __device__(int64_t r) { return sums[r]; },
      [=] __device__(double sum) {
        *dscale = static_cast<float>(accumulate ? *dscale + sum : sum);
      });
}

}  // namespace

const CudaOp kCudaContrastiveOps[] = {
    {CLIPA_OP_CONTRASTIVE, forward_run}, {CLIPA_OP_CONTRASTIVE_BACKWARD, backward_run}, {}};

}  // namespace clipa
