// Symmetric InfoNCE in chunks: logits of some rows against some columns at a time, with a running
// log-sum-exp, so that memory does not grow with the square of the batch.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/op.h"
#include "cpu/gemm.h"
#include "cpu/ranges.h"
#include "lanes/softmax_row.h"

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
}

int64_t chunks(int64_t rows) { return (rows + kRows - 1) / kRows; }

// z[rows, columns] = scale * a[first_row..] b[first_column..]^T
void logits(const Dims& d, float scale, const float* a, int64_t first_row, int64_t rows,
            const float* b, int64_t first_column, int64_t columns, float* z) {
  gemm(false, true, rows, columns, d.width, scale, a + first_row * d.width, d.width,
       b + first_column * d.width, d.width, 0, z, columns);
}

// --- forward: image, text, logit_scale -> loss, lse_image, lse_text, hits
// A task handles some rows of one side; phase 1 adds up what the tasks found.

struct Found {
  double loss;
  int64_t hits;
};

void forward_needs(const Op& op, Needs& needs) {
  const Dims d(op);
  add_inputs(op, needs);
  needs.add(1);
  needs.add(d.local);
  needs.add(d.local);
  needs.add(2);
  needs.refuse(check(op));
}

int64_t forward_items(const Op& op, int phase) { return phase == 0 ? 2 * chunks(op.dims[0]) : 1; }
uint64_t forward_workspace(const Op& op) { return sizeof(Found) * 2 * chunks(op.dims[0]); }
uint64_t block_scratch(const Op&) { return sizeof(float) * kRows * (kColumns + kRows); }

// The columns that hold the rows' own partners come first, so that every other logit can be held
// against the partner's, computed by the same product.
template <class Body>
void other_columns(const Dims& d, int64_t first_own, int64_t own, Body body) {
  for (int64_t column = 0; column < first_own; column += kColumns) {
    body(column, std::min(kColumns, first_own - column));
  }
  for (int64_t column = first_own + own; column < d.total; column += kColumns) {
    body(column, std::min(kColumns, d.total - column));
  }
}

void forward_rows(const Op& op, const Dims& d, int side, int64_t first, int64_t rows, float* z,
                  Found* found) {
  const float scale = std::exp(op.in(2)[0]);
  const float* a = op.in(side);
  const float* b = op.in(1 - side);
  float largest[kRows], total[kRows], partner[kRows];
  int64_t rivals[kRows] = {};
  std::fill(largest, largest + rows, -INFINITY);
  std::fill(total, total + rows, 0.0f);
  const int64_t own = d.offset + first;
  const auto absorb = [&](int64_t column, int64_t columns) {
    logits(d, scale, a, own, rows, b, column, columns, z);
    for (int64_t r = 0; r < rows; ++r) {
      float* row = z + r * columns;
      if (column == own) partner[r] = row[r];
      for (int64_t j = 0; j < columns; ++j) {
        // Written so that a NaN counts as a rival: a broken row is no hit.
        rivals[r] += column + j != own + r && !(row[j] < partner[r]) ? 1 : 0;
      }
      const float now = std::max(largest[r], max_row<L>(columns, row));
      total[r] = total[r] * std::exp(largest[r] - now) + exp_row<L>(columns, row, now, row);
      largest[r] = now;
    }
  };
  absorb(own, rows);
  other_columns(d, own, rows, absorb);
  *found = {0, 0};
  for (int64_t r = 0; r < rows; ++r) {
    const float lse = largest[r] + std::log(total[r]);
    op.out(4 + side)[first + r] = lse;
    found->loss += lse - partner[r];
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
  op.out(3)[0] = static_cast<float>(loss / (2 * static_cast<double>(d.total)));
  op.out(6)[0] = static_cast<float>(hits[0]);
  op.out(6)[1] = static_cast<float>(hits[1]);
  return nullptr;
}

// --- backward: image, text, logit_scale, lse_image, lse_text -> dimage, dtext, dlogit_scale
// With p the softmax over a row: d loss / d logit(i, j) = (p_i(j) - [i = j] + q_j(i) - [i = j]) /
// 2N, the first pair from image row i, the second from text row j, each only where that row is
// local. A task owns some rows of one gradient, so nothing is added up across tasks but
// dlogit_scale.

void backward_needs(const Op& op, Needs& needs) {
  const Dims d(op);
  add_inputs(op, needs);
  needs.add(d.local);
  needs.add(d.local);
  needs.add(Extent(d.total) * d.width);
  needs.add(Extent(d.total) * d.width);
  needs.add(1);
  needs.refuse(check(op));
}

int64_t backward_items(const Op& op, int phase) { return phase == 0 ? 2 * chunks(op.dims[1]) : 1; }
uint64_t backward_workspace(const Op& op) { return sizeof(double) * chunks(op.dims[1]); }

// Turns logits into their gradient; returns the sum of gradient times logit.
double logit_gradient(const Op& op, const Dims& d, int side, int64_t first, int64_t rows,
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
    float gradient[kColumns];
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
  const Dims d(op);
  const int64_t count = chunks(d.total);
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
    const int64_t first = item % count * kRows;
    const int64_t rows = std::min(kRows, d.total - first);
    const float* other = op.in(1 - side);
    float* out = op.out(5 + side) + first * d.width;
    double sum = 0;
    // Rows of other ranks only meet this rank's columns; their other gradients are zero.
    const bool meets_all = first < d.offset + d.local && first + rows > d.offset;
    const int64_t from = meets_all ? 0 : d.offset;
    const int64_t to = meets_all ? d.total : d.offset + d.local;
    for (int64_t column = from; column < to; column += kColumns) {
      const int64_t columns = std::min(kColumns, to - column);
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
    {CLIPA_OP_CONTRASTIVE, "contrastive", 0, 2, forward_needs, forward_items, no_items,
     forward_workspace, block_scratch, forward_run},
    {CLIPA_OP_CONTRASTIVE_BACKWARD, "contrastive_backward", CLIPA_FLAG_ACCUMULATE, 2,
     backward_needs, backward_items, no_items, backward_workspace, block_scratch, backward_run},
    {}};

}  // namespace clipa
