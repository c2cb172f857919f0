// The sigmoid loss of SigLIP (Zhai et al. 2023) in chunks: logits of some rows against some columns
// at a time, so that memory does not grow with the square of the batch.
//   l(i, j) = e^s x_i y_j + b;  loss = 1/N sum_ij log(1 + e^(-z l)), z = 1 for a pair, else -1.
#include <algorithm>
#include <cmath>

#include "base/op.h"
#include "cpu/gemm.h"
#include "cpu/ranges.h"
#include "lanes/softplus_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

constexpr int64_t kRows = 64;      // rows of one task
constexpr int64_t kColumns = 512;  // columns of one block of logits

struct Dims {
  explicit Dims(const Op& op)
      : local(op.dims[0]), total(op.dims[1]), width(op.dims[2]), offset(op.dims[3]) {}
  int64_t local, total, width, offset;
};

const char* check(const Op& op) {
  if (const char* problem = check_dims(op, 3)) return problem;
  const Dims d(op);
  return d.offset + d.local > d.total ? "the local rows lie outside the batch" : nullptr;
}

void add_inputs(const Op& op, Needs& needs) {
  const Dims d(op);
  needs.add(Extent(d.total) * d.width);
  needs.add(Extent(d.total) * d.width);
  needs.add(1);
  needs.add(1);
}

int64_t chunks(int64_t rows) { return (rows + kRows - 1) / kRows; }
uint64_t block_scratch(const Op&) { return sizeof(float) * kRows * kColumns; }

// z[rows, columns] = e^s a[first_row..] b[first_column..]^T + bias
void logits(const Op& op, const Dims& d, int side, int64_t first_row, int64_t rows,
            int64_t first_column, int64_t columns, float* z) {
  const float bias = op.in(3)[0];
  for_lanes<L>(rows * columns, [&](auto, auto write) { write(z, L::splat(bias)); });
  gemm(false, true, rows, columns, d.width, std::exp(op.in(2)[0]),
       op.in(side) + first_row * d.width, d.width, op.in(1 - side) + first_column * d.width,
       d.width, 1, z, columns);
}

// --- forward: image, text, logit_scale, logit_bias -> loss, hits
// A task handles some local rows of one side. Image rows hold the whole loss; text rows are only
// looked at for hits. Phase 1 adds up what the tasks found.

struct Found {
  double loss;
  int64_t hits;
};

void forward_needs(const Op& op, Needs& needs) {
  add_inputs(op, needs);
  needs.add(1);
  needs.add(2);
  needs.refuse(check(op));
}

int64_t forward_items(const Op& op, int phase) { return phase == 0 ? 2 * chunks(op.dims[0]) : 1; }
uint64_t forward_workspace(const Op& op) { return sizeof(Found) * 2 * chunks(op.dims[0]); }

void forward_rows(const Op& op, const Dims& d, int side, int64_t first, int64_t rows, float* z,
                  Found* found) {
  float partner[kRows];
  int64_t rivals[kRows] = {};
  const int64_t own = d.offset + first;
  *found = {0, 0};
  const auto absorb = [&](int64_t column, int64_t columns) {
    logits(op, d, side, own, rows, column, columns, z);
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = z + r * columns;
      if (column == own) partner[r] = row[r];
      for (int64_t j = 0; j < columns; ++j) {
        // Written so that a NaN counts as a rival: a broken row is no hit.
        rivals[r] += column + j != own + r && !(row[j] < partner[r]) ? 1 : 0;
      }
      // log(1 + e^-l) = log(1 + e^l) - l for the pair itself.
      if (side == 0) found->loss += softplus_sum<L>(columns, row);
    }
  };
  // The block that holds the rows' own partners comes first, so that every other logit can be held
  // against the partner's, computed by the same product.
  absorb(own, rows);
  for (int64_t column = 0; column < own; column += kColumns) {
    absorb(column, std::min(kColumns, own - column));
  }
  for (int64_t column = own + rows; column < d.total; column += kColumns) {
    absorb(column, std::min(kColumns, d.total - column));
  }
  for (int64_t r = 0; r < rows; ++r) {
    if (side == 0) found->loss -= partner[r];
    found->hits += rivals[r] == 0 ? 1 : 0;
  }
}

const char* forward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const Dims d(op);
  const int64_t count = chunks(d.local);
  Found* found = reinterpret_cast<Found*>(run.workspace);
  if (phase == 0) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t first = item % count * kRows;
      forward_rows(op, d, static_cast<int>(item / count), first, std::min(kRows, d.local - first),
                   reinterpret_cast<float*>(run.scratch), found + item);
    }
    return nullptr;
  }
  double loss = 0;
  int64_t hits[2] = {0, 0};
  for (int64_t item = 0; item < 2 * count; ++item) {
    loss += found[item].loss;
    hits[item / count] += found[item].hits;
  }
  op.out(4)[0] = static_cast<float>(loss / static_cast<double>(d.total));
  op.out(5)[0] = static_cast<float>(hits[0]);
  op.out(5)[1] = static_cast<float>(hits[1]);
  return nullptr;
}

// --- backward: the same inputs -> dimage, dtext, dlogit_scale, dlogit_bias
// d loss / d l(i, j) = (sigmoid(l) - [i = j]) / N, for local image rows i. A task owns some rows of
// one gradient, so nothing is added up across tasks but the two scalars.

struct Sums {
  double scale, bias;
};

void backward_needs(const Op& op, Needs& needs) {
  const Dims d(op);
  add_inputs(op, needs);
  needs.add(Extent(d.total) * d.width);
  needs.add(Extent(d.total) * d.width);
  needs.add(1);
  needs.add(1);
  needs.refuse(check(op));
}

int64_t backward_items(const Op& op, int phase) { return phase == 0 ? 2 * chunks(op.dims[1]) : 1; }
uint64_t backward_workspace(const Op& op) { return sizeof(Sums) * chunks(op.dims[1]); }

// Turns logits into their gradient; adds to the gradients of the scale's logarithm and of the bias.
void logit_gradient(const Op& op, const Dims& d, int64_t first, int64_t rows, int64_t column,
                    int64_t columns, float* z, Sums* sums) {
  const float weight = op.scalars[0] / static_cast<float>(d.total);
  const float bias = op.in(3)[0];
  for (int64_t r = 0; r < rows; ++r) {
    float* row = z + r * columns;
    float gradient[kColumns];
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
  const Dims d(op);
  const int64_t count = chunks(d.total);
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
    const int64_t first = item % count * kRows;
    const int64_t rows = std::min(kRows, d.total - first);
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
    for (int64_t column = from; here > 0 && column < to; column += kColumns) {
      const int64_t columns = std::min(kColumns, to - column);
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
    {CLIPA_OP_SIGMOID_LOSS, "sigmoid_loss", 0, 2, forward_needs, forward_items, no_items,
     forward_workspace, block_scratch, forward_run},
    {CLIPA_OP_SIGMOID_LOSS_BACKWARD, "sigmoid_loss_backward", CLIPA_FLAG_ACCUMULATE, 2,
     backward_needs, backward_items, no_items, backward_workspace, block_scratch, backward_run},
    {}};

}  // namespace clipa
