// Layer normalisation.
#include <algorithm>
#include <cstring>

#include "base/op.h"
#include "cpu/partial_sums.h"
#include "cpu/ranges.h"
#include "lanes/layer_norm_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

int64_t row_grain(const Op& op, int) { return rows_per_task(op.dims[1]); }

void forward_needs(const Op& op, Needs& needs) {
  const Extent rows = op.dims[0], width = op.dims[1];
  needs.add(rows * width);
  needs.add(width);
  needs.add(width);
  needs.add(rows * width);
  needs.add(rows);
  needs.add(rows);
  needs.refuse(check_dims(op, 2));
}

const char* forward_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t width = op.dims[1];
  for (int64_t row = begin; row < end; ++row) {
    layer_norm_row<L>(width, op.scalars[0], op.in(0) + row * width, op.in(1), op.in(2),
                      op.out(3) + row * width, op.out(4) + row, op.out(5) + row);
  }
  return nullptr;
}

// Phase 0: rows in fixed chunks, each with its own sums of dgamma and dbeta; phase 1 adds those up.

int64_t chunk_count(const Op& op) { return std::clamp<int64_t>(op.dims[0] / 128, 1, 64); }

void backward_needs(const Op& op, Needs& needs) {
  const Extent rows = op.dims[0], width = op.dims[1];
  needs.add(rows * width);
  needs.add(rows * width);
  needs.add(width);
  needs.add(rows);
  needs.add(rows);
  needs.optional(rows * width);
  needs.add(rows * width);
  needs.add(width);
  needs.add(width);
  needs.refuse(check_dims(op, 2));
}

int64_t backward_items(const Op& op, int phase) { return phase == 0 ? chunk_count(op) : 1; }
uint64_t backward_workspace(const Op& op) {
  return sizeof(float) * chunk_count(op) * 2 * op.dims[1];
}

const char* backward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const int64_t rows = op.dims[0], width = op.dims[1], chunks = chunk_count(op);
  float* partials = reinterpret_cast<float*>(run.workspace);  // [chunks, 2, width]
  if (phase == 1) {
    const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
    add_partials(chunks, 2 * width, partials, 0, width, accumulate, op.out(7));
    add_partials(chunks, 2 * width, partials + width, 0, width, accumulate, op.out(8));
    return nullptr;
  }
  for (int64_t chunk = begin; chunk < end; ++chunk) {
    float* dgamma = partials + chunk * 2 * width;
    std::memset(dgamma, 0, sizeof(float) * 2 * width);
    for (int64_t row = chunk * rows / chunks; row < (chunk + 1) * rows / chunks; ++row) {
      const int64_t at = row * width;
      layer_norm_backward_row<L>(width, op.in(0) + at, op.in(1) + at, op.in(2), op.in(3)[row],
                                 op.in(4)[row], op.has(5) ? op.in(5) + at : nullptr, op.out(6) + at,
                                 dgamma, dgamma + width);
    }
  }
  return nullptr;
}

// --- of a sum with the residual stream

void residual_needs(const Op& op, Needs& needs) {
  const Extent rows = op.dims[0], width = op.dims[1];
  needs.add(rows * width);
  needs.add(rows * width);
  needs.optional(width);
  needs.add(width);
  needs.add(width);
  needs.add(rows * width);
  needs.add(rows * width);
  needs.add(rows * 2);
  needs.refuse(check_dims(op, 2));
}

const char* residual_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t rows = op.dims[0], width = op.dims[1];
  const float* factor = op.has(2) ? op.in(2) : nullptr;
  float* stats = op.out(7);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * width;
    residual_layer_norm_row<L>(width, op.scalars[0], op.in(0) + at, op.in(1) + at, factor, op.in(3),
                               op.in(4), op.out(5) + at, op.out(6) + at, stats + row,
                               stats + rows + row);
  }
  return nullptr;
}

void residual_backward_needs(const Op& op, Needs& needs) {
  const Extent rows = op.dims[0], width = op.dims[1];
  needs.add(rows * width);
  needs.add(rows * width);
  needs.add(width);
  needs.add(rows * 2);
  needs.optional(rows * width);
  needs.optional(rows * width);
  needs.optional(width);
  needs.add(rows * width);
  needs.add(width);
  needs.add(width);
  needs.optional(rows * width);
  needs.optional(width);
  needs.refuse(check_dims(op, 2));
  const bool factor = op.has(6);
  if (op.has(5) != factor || op.has(10) != factor || op.has(11) != factor) {
    needs.refuse("branch, factor, dbranch and dfactor stand together");
  }
}

uint64_t residual_backward_workspace(const Op& op) {
  return sizeof(float) * chunk_count(op) * 3 * op.dims[1];
}

// As backward_run; with factors there are sums for them, too.
const char* residual_backward_run(const Op& op, int phase, int64_t begin, int64_t end,
                                  const Run& run) {
  const int64_t rows = op.dims[0], width = op.dims[1], chunks = chunk_count(op);
  const bool scaled = op.has(6);
  const int64_t stride = (scaled ? 3 : 2) * width;
  float* partials = reinterpret_cast<float*>(run.workspace);  // [chunks, 2 or 3, width]
  if (phase == 1) {
    const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
    add_partials(chunks, stride, partials, 0, width, accumulate, op.out(8));
    add_partials(chunks, stride, partials + width, 0, width, accumulate, op.out(9));
    if (scaled)
      add_partials(chunks, stride, partials + 2 * width, 0, width, accumulate, op.out(11));
    return nullptr;
  }
  const float *mean = op.in(3), *rstd = mean + rows;
  for (int64_t chunk = begin; chunk < end; ++chunk) {
    float* dgamma = partials + chunk * stride;
    float* dbeta = dgamma + width;
    std::memset(dgamma, 0, sizeof(float) * stride);
    for (int64_t row = chunk * rows / chunks; row < (chunk + 1) * rows / chunks; ++row) {
      const int64_t at = row * width;
      const float* acc = op.has(4) ? op.in(4) + at : nullptr;
      if (scaled) {
        scaled_layer_norm_backward_row<L>(width, op.in(0) + at, op.in(1) + at, op.in(2), mean[row],
                                          rstd[row], acc, op.in(5) + at, op.in(6), op.out(7) + at,
                                          dgamma, dbeta, op.out(10) + at, dbeta + width);
      } else {
        layer_norm_backward_row<L>(width, op.in(0) + at, op.in(1) + at, op.in(2), mean[row],
                                   rstd[row], acc, op.out(7) + at, dgamma, dbeta);
      }
    }
  }
  return nullptr;
}

}  // namespace

const OpSpec kNormOps[] = {
    {CLIPA_OP_LAYER_NORM, "layer_norm", 0, 1, forward_needs, first_dim, row_grain, no_bytes,
     no_bytes, forward_run},
    {CLIPA_OP_LAYER_NORM_BACKWARD, "layer_norm_backward", CLIPA_FLAG_ACCUMULATE, 2, backward_needs,
     backward_items, no_items, backward_workspace, no_bytes, backward_run},
    {CLIPA_OP_RESIDUAL_LAYER_NORM, "residual_layer_norm", 0, 1, residual_needs, first_dim,
     row_grain, no_bytes, no_bytes, residual_run},
    {CLIPA_OP_RESIDUAL_LAYER_NORM_BACKWARD, "residual_layer_norm_backward", CLIPA_FLAG_ACCUMULATE,
     2, residual_backward_needs, backward_items, no_items, residual_backward_workspace, no_bytes,
     residual_backward_run},
    {}};

}  // namespace clipa
