// What the losses over all pairs of a batch share: which logits of rows against columns exist at a
// time, so that memory does not grow with the square of the batch, and who finds its partner.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/op.h"
#include "cpu/ranges.h"

namespace clipa {

constexpr int64_t kPairRows = 64;      // rows of one task
constexpr int64_t kPairColumns = 512;  // columns of one block of logits

// Rows [offset, offset + local) of `total` are this rank's; features have `width` values.
struct PairDims {
  explicit PairDims(const Op& op)
      : local(op.dims[0]), total(op.dims[1]), width(op.dims[2]), offset(op.dims[3]) {}
  int64_t local, total, width, offset;
};

inline const char* check_pairs(const Op& op) {
  if (const char* problem = check_dims(op, 3)) return problem;
  const PairDims d(op);
  return d.offset + d.local > d.total ? "the local rows lie outside the batch" : nullptr;
}

// The features of both sides.
inline void add_features(const Op& op, Needs& needs) {
  const PairDims d(op);
  needs.add(Extent(d.total) * d.width);
  needs.add(Extent(d.total) * d.width);
}

inline int64_t pair_chunks(int64_t rows) { return (rows + kPairRows - 1) / kPairRows; }

// Counts, for each of some rows, the columns that match it at least as well as its partner does.
// The block that holds the partners comes first, computed by the same product as every other.
class Rivals {
 public:
  // A block z[rows, columns] from `column`; `own` is the partner of the first row.
  void absorb(int64_t own, int64_t rows, int64_t column, int64_t columns, const float* z) {
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = z + r * columns;
      if (column == own) partner_[r] = row[r];
      for (int64_t j = 0; j < columns; ++j) {
        // Written so that a NaN counts as a rival: a broken row is no hit.
        rivals_[r] += column + j != own + r && !(row[j] < partner_[r]) ? 1 : 0;
      }
    }
  }
  float partner(int64_t row) const { return partner_[row]; }
  bool hit(int64_t row) const { return rivals_[row] == 0; }

 private:
  float partner_[kPairRows];
  int64_t rivals_[kPairRows] = {};
};

// body(column, columns) for every block of columns, that of the rows' own partners first.
template <class Body>
void partners_first(const PairDims& d, int64_t own, int64_t rows, Body body) {
  body(own, rows);
  for (int64_t column = 0; column < own; column += kPairColumns) {
    body(column, std::min(kPairColumns, own - column));
  }
  for (int64_t column = own + rows; column < d.total; column += kPairColumns) {
    body(column, std::min(kPairColumns, d.total - column));
  }
}

// Forward: a task handles some local rows of one side; phase 1 adds up what the tasks found.
struct PairsFound {
  double loss;
  int64_t hits;
};

inline int64_t pair_forward_items(const Op& op, int phase) {
  return phase == 0 ? 2 * pair_chunks(op.dims[0]) : 1;
}
inline uint64_t pair_forward_workspace(const Op& op) {
  return sizeof(PairsFound) * 2 * pair_chunks(op.dims[0]);
}

// rows_of(side, first, rows, z, found) for every task.
template <class Body>
void find_pairs(const Op& op, int64_t begin, int64_t end, const Run& run, Body rows_of) {
  const PairDims d(op);
  const int64_t count = pair_chunks(d.local);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t first = item % count * kPairRows;
    rows_of(static_cast<int>(item / count), first, std::min(kPairRows, d.local - first),
            reinterpret_cast<float*>(run.scratch),
            reinterpret_cast<PairsFound*>(run.workspace) + item);
  }
}

// Writes loss * factor and the hits of both sides.
inline void total_pairs(const Op& op, const Run& run, double factor, float* loss, float* hits) {
  const int64_t count = pair_chunks(op.dims[0]);
  const PairsFound* found = reinterpret_cast<const PairsFound*>(run.workspace);
  double sum = 0;
  int64_t right[2] = {0, 0};
  for (int64_t item = 0; item < 2 * count; ++item) {
    sum += found[item].loss;
    right[item / count] += found[item].hits;
  }
  loss[0] = static_cast<float>(sum * factor);
  hits[0] = static_cast<float>(right[0]);
  hits[1] = static_cast<float>(right[1]);
}

// Backward: a task owns some of all rows of one gradient, so nothing is added up across tasks but
// scalars.
inline int64_t pair_backward_items(const Op& op, int phase) {
  return phase == 0 ? 2 * pair_chunks(op.dims[1]) : 1;
}

}  // namespace clipa
