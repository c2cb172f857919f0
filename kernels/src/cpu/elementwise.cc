// Element-wise ops, column sums and softmax.
#include <algorithm>
#include <cstring>

#include "base/op.h"
#include "cpu/partial_sums.h"
#include "cpu/ranges.h"
#include "lanes/activation_lanes.h"
#include "lanes/softmax_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

void fill_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 1));
}

const char* fill_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  std::fill(op.out(0) + begin, op.out(0) + end, op.scalars[0]);
  return nullptr;
}

void copy_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 1));
}

const char* copy_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  std::memmove(op.out(1) + begin, op.in(0) + begin, sizeof(float) * (end - begin));
  return nullptr;
}

// --- a[n], b[m] -> y[n], b repeated

void pair_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(op.dims[1]);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 2));
  if (needs.problem == nullptr && op.dims[0] % op.dims[1] != 0) {
    needs.refuse("m does not divide n");
  }
}

template <class Combine>
void pair_range(const Op& op, int64_t begin, int64_t end, Combine combine) {
  const int64_t m = op.dims[1];
  for (int64_t at = begin; at < end;) {
    // A stretch in which b does not wrap around; a scalar b is a stretch of its own.
    const int64_t start = at % m;
    const int64_t count = m == 1 ? end - at : std::min(end - at, m - start);
    const float* a = op.in(0) + at;
    const float* b = op.in(1) + start;
    float* y = op.out(2) + at;
    const L::V scalar = L::splat(*b);
    for_lanes<L>(count, [&](auto read, auto write) {
      write(y, combine(read(a), m == 1 ? scalar : read(b)));
    });
    at += count;
  }
}

const char* add_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  pair_range(op, begin, end, [](L::V a, L::V b) { return a + b; });
  return nullptr;
}

const char* mul_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  pair_range(op, begin, end, [](L::V a, L::V b) { return a * b; });
  return nullptr;
}

void scale_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.optional(op.dims[0]);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 1));
}

const char* scale_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const float* x = op.in(0) + begin;
  const float* acc = op.has(1) ? op.in(1) + begin : nullptr;
  float* y = op.out(2) + begin;
  const float factor = op.scalars[0];
  for_lanes<L>(end - begin, [&](auto read, auto write) {
    const L::V scaled = factor * read(x);
    write(y, acc != nullptr ? scaled + read(acc) : scaled);
  });
  return nullptr;
}

// --- activations

void unary_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 1));
  if (!with_activation(op.activation(), [](auto) {})) needs.refuse("unknown activation");
}

const char* unary_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  with_activation(op.activation(), [&](auto act) {
    for_lanes<L>(end - begin, [&](auto read, auto write) {
      write(op.out(1) + begin, decltype(act)::template value<L>(read(op.in(0) + begin)));
    });
  });
  return nullptr;
}

void unary_backward_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(op.dims[0]);
  needs.optional(op.dims[0]);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 1));
  if (!with_activation(op.activation(), [](auto) {})) needs.refuse("unknown activation");
}

const char* unary_backward_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const float* acc = op.has(2) ? op.in(2) + begin : nullptr;
  with_activation(op.activation(), [&](auto act) {
    for_lanes<L>(end - begin, [&](auto read, auto write) {
      const L::V slope = decltype(act)::template derivative<L>(read(op.in(0) + begin));
      const L::V dx = slope * read(op.in(1) + begin);
      write(op.out(3) + begin, acc != nullptr ? dx + read(acc) : dx);
    });
  });
  return nullptr;
}

// --- column sums: partial sums of fixed chunks of rows, added up in order

int64_t sum_chunks(const Op& op) {
  return std::clamp<int64_t>(op.dims[0] * op.dims[1] / (4 * kElementGrain), 1,
                             std::min<int64_t>(op.dims[0], 64));
}

void column_sum_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.dims[1]);
  needs.refuse(check_dims(op, 2));
}

int64_t column_sum_items(const Op& op, int phase) { return phase == 0 ? sum_chunks(op) : 1; }
uint64_t column_sum_workspace(const Op& op) { return sizeof(float) * sum_chunks(op) * op.dims[1]; }

const char* column_sum_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const int64_t rows = op.dims[0], width = op.dims[1], chunks = sum_chunks(op);
  float* sums = reinterpret_cast<float*>(run.workspace);
  if (phase == 1) {
    add_partials(chunks, width, sums, 0, width, op.flag(CLIPA_FLAG_ACCUMULATE), op.out(1));
    return nullptr;
  }
  for (int64_t chunk = begin; chunk < end; ++chunk) {
    const int64_t first = chunk * rows / chunks;
    const int64_t last = (chunk + 1) * rows / chunks;
    const float* x = op.in(0) + first * width;
    if (width > 1) {
      column_sums(last - first, width, x, sums + chunk * width);
    } else {
      L::V total = L::splat(0);
      for_lanes<L>(last - first, [&](auto read, auto) { total += read(x); });
      sums[chunk] = L::reduce_sum(total);
    }
  }
  return nullptr;
}

// --- softmax of rows

void softmax_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.dims[1]);
  needs.refuse(check_dims(op, 2));
}

int64_t row_grain(const Op& op, int) { return rows_per_task(op.dims[1]); }

const char* softmax_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t width = op.dims[1];
  for (int64_t row = begin; row < end; ++row) {
    softmax_row<L>(width, op.in(0) + row * width, op.out(1) + row * width);
  }
  return nullptr;
}

void softmax_backward_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.dims[1]);
  needs.optional(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.dims[1]);
  needs.refuse(check_dims(op, 2));
}

const char* softmax_backward_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t width = op.dims[1];
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * width;
    softmax_backward_row<L>(width, op.in(0) + at, op.in(1) + at,
                            op.has(2) ? op.in(2) + at : nullptr, op.out(3) + at);
  }
  return nullptr;
}

}  // namespace

const OpSpec kElementwiseOps[] = {
    {CLIPA_OP_FILL, "fill", 0, 1, fill_needs, first_dim, element_grain, no_bytes, no_bytes,
     fill_run},
    {CLIPA_OP_COPY, "copy", 0, 1, copy_needs, first_dim, element_grain, no_bytes, no_bytes,
     copy_run},
    {CLIPA_OP_ADD, "add", 0, 1, pair_needs, first_dim, element_grain, no_bytes, no_bytes, add_run},
    {CLIPA_OP_MUL, "mul", 0, 1, pair_needs, first_dim, element_grain, no_bytes, no_bytes, mul_run},
    {CLIPA_OP_SCALE, "scale", 0, 1, scale_needs, first_dim, element_grain, no_bytes, no_bytes,
     scale_run},
    {CLIPA_OP_UNARY, "unary", CLIPA_FLAG_ACTIVATION, 1, unary_needs, first_dim, element_grain,
     no_bytes, no_bytes, unary_run},
    {CLIPA_OP_UNARY_BACKWARD, "unary_backward", CLIPA_FLAG_ACTIVATION, 1, unary_backward_needs,
     first_dim, element_grain, no_bytes, no_bytes, unary_backward_run},
    {CLIPA_OP_COLUMN_SUM, "column_sum", CLIPA_FLAG_ACCUMULATE, 2, column_sum_needs,
     column_sum_items, no_items, column_sum_workspace, no_bytes, column_sum_run},
    {CLIPA_OP_SOFTMAX, "softmax", 0, 1, softmax_needs, first_dim, row_grain, no_bytes, no_bytes,
     softmax_run},
    {CLIPA_OP_SOFTMAX_BACKWARD, "softmax_backward", 0, 1, softmax_backward_needs, first_dim,
     row_grain, no_bytes, no_bytes, softmax_backward_run},
    {}};

}  // namespace clipa
