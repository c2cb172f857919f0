// The sigmoid loss of SigLIP (Zhai et al. 2023) in chunks: logits of some rows against some columns
// at a time, so that memory does not grow with the square of the batch.
//   l(i, j) = e^s x_i y_j + b;  loss = 1/N sum_ij log(1 + e^(-z l)), z = 1 for a pair, else -1.
#include <algorithm>
#include <cmath>

#include "base/op.h"
#include "cpu/gemm.h"
#include "cpu/pair_blocks.h"
#include "lanes/softplus_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

void add_inputs(const Op& op, Needs& needs) {
  add_features(op, needs);
  needs.add(1);
  needs.add(1);
}

uint64_t block_scratch(const Op&) { return sizeof(float) * kPairRows * kPairColumns; }

// z[rows, columns] = e^s a[first_row..] b[first_column..]^T + bias
void logits(const Op& op, const PairDims& d, int side, int64_t first_row, int64_t rows,
            int64_t first_column, int64_t columns, float* z) {
  const float bias = op.in(3)[0];
  for_lanes<L>(rows * columns, [&](auto, auto write) { write(z, L::splat(bias)); });
  gemm(false, true, rows, columns, d.width, std::exp(op.in(2)[0]),
       op.in(side) + first_row * d.width, d.width, op.in(1 - side) + first_column * d.width,
       d.width, 1, z, columns);
}

// --- forward: image, text, logit_scale, logit_bias -> loss, hits
// Image rows hold the whole loss; text rows are only looked at for hits.

void forward_needs(const Op& op, Needs& needs) {
  add_inputs(op, needs);
  needs.add(1);
  needs.add(2);
  needs.refuse(check_pairs(op));
}

void forward_rows(const Op& op, const PairDims& d, int side, int64_t first, int64_t rows, float* z,
                  PairsFound* found) {
  Rivals rivals;
  const int64_t own = d.offset + first;
  *found = {0, 0};
  partners_first(d, own, rows, [&](int64_t column, int64_t columns) {
    logits(op, d, side, own, rows, column, columns, z);
    rivals.absorb(own, rows, column, columns, z);
    // log(1 + e^-l) = log(1 + e^l) - l for the pair itself.
    for (int64_t r = 0; side == 0 && r < rows; ++r) {
      found->loss += softplus_sum<L>(columns, z + r * columns);
    }
  });
  for (int64_t r = 0; r < rows; ++r) {
    if (side == 0) found->loss -= rivals.partner(r);
    found->hits += rivals.hit(r) ? 1 : 0;
  }
}

const char* forward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const PairDims d(op);
  if (phase == 1) {
    total_pairs(op, run, 1 / static_cast<double>(d.total), op.out(4), op.out(5));
    return nullptr;
  }
  find_pairs(op, begin, end, run,
             [&](int side, int64_t first, int64_t rows, float* z, PairsFound* found) {
               forward_rows(op, d, side, first, rows, z, found);
             });
  return nullptr;
}

// --- backward: the same inputs -> dimage, dtext, dlogit_scale, dlogit_bias
// d loss / d l(i, j) = (sigmoid(l) - [i = j]) / N, for local image rows i.

struct Sums {
  double scale, bias;
};

void backward_needs(const Op& op, Needs& needs) {
  const PairDims d(op);
  add_inputs(op, needs);
  needs.add(Extent(d.total) * d.width);
  needs.add(Extent(d.total) * d.width);
  needs.add(1);
  needs.add(1);
  needs.refuse(check_pairs(op));
}

uint64_t backward_workspace(const Op& op) { return sizeof(Sums) * pair_chunks(op.dims[1]); }

// Turns logits into their gradient; adds to the gradients of the scale's logarithm and of the bias.
void logit_gradient(const Op& op, const PairDims& d, int64_t first, int64_t rows, int64_t column,
                    int64_t columns, float* z, Sums* sums) {
  const float weight = op.scalars[0] / static_cast<float>(d.total);
  const float bias = op.in(3)[0];
  for (int64_t r = 0; r < rows; ++r) {
    float* row = z + r * columns;
    float gradient[kPairColumns];
    for_lanes<L>(columns, [&](auto read, auto write) {
      write(gradient, weight / (1.0f + lane_exp<L>(-read(row))));
    });
    const int64_t pair = first + r - column;
    if (pair >= 0 && pair < columns) {
      // sigmoid(l) - 1 = -1 / (1 + e^l), without cancellation.
      gradient[pair] = -weight / (1 + std::exp(row[pair]));
    }
    L::V scale_sum = L::splat(0), bias_sum = L::splat(0);
    for_lanes<L>(columns, [&](auto read, auto write) {
      const L::V g = read(gradient);
      scale_sum += g * (read(row) - bias);
      bias_sum += g;
      write(row, g);
    });
    sums->scale += L::reduce_sum(scale_sum);
    sums->bias += L::reduce_sum(bias_sum);
  }
}

const char* backward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const PairDims d(op);
  const int64_t count = pair_chunks(d.total);
  Sums* sums = reinterpret_cast<Sums*>(run.workspace);
  if (phase == 1) {
    const bool add = op.flag(CLIPA_FLAG_ACCUMULATE);
    double scale = add ? op.out(6)[0] : 0, bias = add ? op.out(7)[0] : 0;
    for (int64_t item = 0; item < count; ++item) {
      scale += sums[item].scale;
      bias += sums[item].bias;
    }
    op.out(6)[0] = static_cast<float>(scale);
    op.out(7)[0] = static_cast<float>(bias);
    return nullptr;
  }
  float* z = reinterpret_cast<float*>(run.scratch);
  const float scale = std::exp(op.in(2)[0]);
  for (int64_t item = begin; item < end; ++item) {
    const int side = static_cast<int>(item / count);
    const int64_t first = item % count * kPairRows;
    const int64_t rows = std::min(kPairRows, d.total - first);
    float* out = op.out(4 + side) + first * d.width;
    Sums sum{0, 0};
    // Image rows of other ranks have no part in this rank's loss; text rows meet local columns
    // only.
    const int64_t begin_row = side == 1 ? first : std::clamp(d.offset, first, first + rows);
    const int64_t end_row =
        side == 1 ? first + rows : std::clamp(d.offset + d.local, first, first + rows);
    const int64_t from = side == 0 ? 0 : d.offset;
    const int64_t to = side == 0 ? d.total : d.offset + d.local;
    std::fill(out, out + rows * d.width, 0.0f);
    const int64_t here = end_row - begin_row;
    for (int64_t column = from; here > 0 && column < to; column += kPairColumns) {
      const int64_t columns = std::min(kPairColumns, to - column);
      logits(op, d, side, begin_row, here, column, columns, z);
      logit_gradient(op, d, begin_row, here, column, columns, z, &sum);
      gemm(false, false, here, d.width, columns, scale, z, columns,
           op.in(1 - side) + column * d.width, d.width, 1, out + (begin_row - first) * d.width,
           d.width);
    }
    if (side == 0) sums[item] = sum;
  }
  return nullptr;
}

}  // namespace

const OpSpec kSigmoidLossOps[] = {
    {CLIPA_OP_SIGMOID_LOSS, "sigmoid_loss", 0, 2, forward_needs, pair_forward_items, no_items,
     pair_forward_workspace, block_scratch, forward_run},
    {CLIPA_OP_SIGMOID_LOSS_BACKWARD, "sigmoid_loss_backward", CLIPA_FLAG_ACCUMULATE, 2,
     backward_needs, pair_backward_items, no_items, backward_workspace, block_scratch,
     backward_run},
    {}};

}  // namespace clipa
