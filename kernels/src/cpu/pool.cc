// Pooling of sequences and L2 normalisation.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/op.h"
#include "cpu/ranges.h"
#include "lanes/lanes.h"

namespace clipa {

namespace {

using L = CpuLanes;

int64_t sample_grain(const Op& op, int) {
  return rows_per_task(std::max<int64_t>(1, op.dims[1] * op.dims[2]));
}

const char* check_pool(const Op& op, int ids_operand) {
  if (const char* problem = check_dims(op, 3)) return problem;
  if (op.dims[3] > CLIPA_POOL_ARGMAX) return "unknown pooling";
  if (op.dims[3] == CLIPA_POOL_ARGMAX && !op.has(ids_operand)) return "argmax pooling needs ids";
  if (op.dims[3] == CLIPA_POOL_MEAN_PATCHES && op.dims[1] < 2) {
    return "mean without the class token needs two tokens";
  }
  return nullptr;
}

// The tokens that count: [first, last).
struct Span {
  int64_t first, last;
};

Span pooled_tokens(const Op& op, int ids_operand, int64_t sample) {
  const int64_t tokens = op.dims[1];
  switch (op.dims[3]) {
    case CLIPA_POOL_CLS:
      return {0, 1};
    case CLIPA_POOL_MEAN:
      return {0, tokens};
    case CLIPA_POOL_MEAN_PATCHES:
      return {1, tokens};
    case CLIPA_POOL_LAST:
      return {tokens - 1, tokens};
    default: {
      const int32_t* ids = op.in<int32_t>(ids_operand) + sample * tokens;
      const int64_t at = std::max_element(ids, ids + tokens) - ids;  // the first of the largest
      return {at, at + 1};
    }
  }
}

void pool_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.extent(1) * op.dims[2]);
  needs.optional(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.dims[2]);
  needs.refuse(check_pool(op, 1));
}

const char* pool_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t tokens = op.dims[1], width = op.dims[2];
  for (int64_t sample = begin; sample < end; ++sample) {
    const Span span = pooled_tokens(op, 1, sample);
    const float* x = op.in(0) + sample * tokens * width;
    float* y = op.out(2) + sample * width;
    const float share = 1 / static_cast<float>(span.last - span.first);
    for_lanes<L>(width, [&](auto read, auto write) {
      L::V total = read(x + span.first * width);
      for (int64_t t = span.first + 1; t < span.last; ++t) total += read(x + t * width);
      write(y, total * share);
    });
  }
  return nullptr;
}

void pool_backward_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.dims[2]);
  needs.optional(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.extent(1) * op.dims[2]);
  needs.refuse(check_pool(op, 1));
}

const char* pool_backward_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t tokens = op.dims[1], width = op.dims[2];
  for (int64_t sample = begin; sample < end; ++sample) {
    const Span span = pooled_tokens(op, 1, sample);
    const float* dy = op.in(0) + sample * width;
    float* dx = op.out(2) + sample * tokens * width;
    const float share = 1 / static_cast<float>(span.last - span.first);
    for (int64_t t = 0; t < tokens; ++t) {
      float* row = dx + t * width;
      if (t >= span.first && t < span.last) {
        for_lanes<L>(width, [&](auto read, auto write) { write(row, read(dy) * share); });
      } else {
        std::memset(row, 0, sizeof(float) * width);  // not dy * 0, which infinity makes NaN
      }
    }
  }
  return nullptr;
}

// --- x -> y, norm

int64_t row_grain(const Op& op, int) { return rows_per_task(op.dims[1]); }

float divisor(const Op& op, float norm) {
  const float eps = op.scalars[0];
  return op.flag(CLIPA_FLAG_NORM_ADD_EPS) ? norm + eps : std::max(norm, eps);
}

void normalize_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 2));
}

const char* normalize_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t width = op.dims[1];
  for (int64_t row = begin; row < end; ++row) {
    const float* x = op.in(0) + row * width;
    float* y = op.out(1) + row * width;
    L::V squares = L::splat(0);
    for_lanes<L>(width, [&](auto read, auto) { squares += read(x) * read(x); });
    const float norm = std::sqrt(L::reduce_sum(squares));
    const float inverse = 1 / divisor(op, norm);
    for_lanes<L>(width, [&](auto read, auto write) { write(y, read(x) * inverse); });
    op.out(2)[row] = norm;
  }
  return nullptr;
}

// --- dy, y, norm -> dx. With D the divisor: dx = (dy - x (x dy) / (norm D)) / D, and x = y D;
// where the divisor is the constant eps, the second term is absent.

void normalize_backward_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.extent(0) * op.dims[1]);
  needs.add(op.dims[0]);
  needs.add(op.extent(0) * op.dims[1]);
  needs.refuse(check_dims(op, 2));
}

const char* normalize_backward_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t width = op.dims[1];
  for (int64_t row = begin; row < end; ++row) {
    const float* dy = op.in(0) + row * width;
    const float* y = op.in(1) + row * width;
    float* dx = op.out(3) + row * width;
    const float norm = op.in(2)[row];
    const float d = divisor(op, norm);
    const bool constant = norm == 0 || (!op.flag(CLIPA_FLAG_NORM_ADD_EPS) && norm < d);
    L::V products = L::splat(0);
    for_lanes<L>(width, [&](auto read, auto) { products += read(dy) * read(y); });
    const float along = constant ? 0 : L::reduce_sum(products) * d / norm;
    const float inverse = 1 / d;
    for_lanes<L>(width,
                 [&](auto read, auto write) { write(dx, (read(dy) - read(y) * along) * inverse); });
  }
  return nullptr;
}

}  // namespace

const OpSpec kPoolOps[] = {
    {CLIPA_OP_POOL, "pool", 0, 1, pool_needs, first_dim, sample_grain, no_bytes, no_bytes,
     pool_run},
    {CLIPA_OP_POOL_BACKWARD, "pool_backward", 0, 1, pool_backward_needs, first_dim, sample_grain,
     no_bytes, no_bytes, pool_backward_run},
    {CLIPA_OP_L2_NORMALIZE, "l2_normalize", CLIPA_FLAG_NORM_ADD_EPS, 1, normalize_needs, first_dim,
     row_grain, no_bytes, no_bytes, normalize_run},
    {CLIPA_OP_L2_NORMALIZE_BACKWARD, "l2_normalize_backward", CLIPA_FLAG_NORM_ADD_EPS, 1,
     normalize_backward_needs, first_dim, row_grain, no_bytes, no_bytes, normalize_backward_run},
    {}};

}  // namespace clipa
