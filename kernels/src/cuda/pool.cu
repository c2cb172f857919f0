// Pooling of sequences and L2 normalisation.
#include "cuda/launch.h"
#include "cuda/warp_lanes.h"

namespace clipa {

namespace {

using L = WarpLanes;

// The tokens that count: [first, last).
struct Span {
  int64_t first, last;
};

__device__ inline Span pooled_tokens(int64_t pool, int64_t tokens, const int32_t* ids) {
  switch (pool) {
    case CLIPA_POOL_CLS:
      return {0, 1};
    case CLIPA_POOL_MEAN:
      return {0, tokens};
    case CLIPA_POOL_MEAN_PATCHES:
      return {1, tokens};
    case CLIPA_POOL_LAST:
      return {tokens - 1, tokens};
    default: {
      int64_t at = 0;  // the first of the largest
      for (int64_t t = 1; t < tokens; ++t) at = ids[t] > ids[at] ? t : at;
      return {at, at + 1};
    }
  }
}

void pool_run(const Op& op, Queue& queue) {
  const int64_t tokens = op.dims[1], width = op.dims[2], pool = op.dims[3];
  const float* x = op.in(0);
  const int32_t* ids = op.in<int32_t>(1);
  float* y = op.out(2);
  each(queue, op.dims[0] * width, [=] __device__(int64_t i) {
    const int64_t sample = i / width, column = i % width;
    const Span span = pooled_tokens(pool, tokens, ids + sample * tokens);
    const float* values = x + sample * tokens * width + column;
    float total = values[span.first * width];
    for (int64_t t = span.first + 1; t < span.last; ++t) total += values[t * width];
    y[i] = total * (1 / static_cast<float>(span.last - span.first));
  });
}

void pool_backward_run(const Op& op, Queue& queue) {
  const int64_t tokens = op.dims[1], width = op.dims[2], pool = op.dims[3];
  const float* dy = op.in(0);
  const int32_t* ids = op.in<int32_t>(1);
  float* dx = op.out(2);
  each(queue, op.dims[0] * tokens * width, [=] __device__(int64_t i) {
    const int64_t row = i / width, sample = row / tokens, t = row % tokens;
    const Span span = pooled_tokens(pool, tokens, ids + sample * tokens);
    const float share = 1 / static_cast<float>(span.last - span.first);
    // Not dy * 0, which infinity makes NaN.
    dx[i] = t >= span.first && t < span.last ? dy[sample * width + i % width] * share : 0.0f;
  });
}

__device__ inline float divisor(bool add, float eps, float norm) {
  return add ? norm + eps : norm < eps ? eps : norm;
}

void normalize_run(const Op& op, Queue& queue) {
  const int64_t width = op.dims[1];
  const float* x = op.in(0);
  float *y = op.out(1), *norms = op.out(2);
  const float eps = op.scalars[0];
  const bool add = op.flag(CLIPA_FLAG_NORM_ADD_EPS);
  rows(queue, op.dims[0], [=] __device__(int64_t row) {
    const float* from = x + row * width;
    float* to = y + row * width;
    float squares = 0;
    for_lanes<L>(width, [&](auto read, auto) { squares += read(from) * read(from); });
    const float norm = sqrtf(L::reduce_sum(squares));
    const float inverse = 1 / divisor(add, eps, norm);
    for_lanes<L>(width, [&](auto read, auto write) { write(to, read(from) * inverse); });
    norms[row] = norm;
  });
}

// With D the divisor: dx = (dy - x (x dy) / (norm D)) / D, and x = y D; where the divisor is the
// constant eps, the second term is absent.
void normalize_backward_run(const Op& op, Queue& queue) {
  const int64_t width = op.dims[1];
  const float *dys = op.in(0), *ys = op.in(1), *norms = op.in(2);
  float* dxs = op.out(3);
  const float eps = op.scalars[0];
  const bool add = op.flag(CLIPA_FLAG_NORM_ADD_EPS);
  rows(queue, op.dims[0], [=] __device__(int64_t row) {
    const float *dy = dys + row * width, *y = ys + row * width;
    float* dx = dxs + row * width;
    const float norm = norms[row];
    const float d = divisor(add, eps, norm);
    const bool constant = norm == 0 || (!add && norm < d);
    float products = 0;
    for_lanes<L>(width, [&](auto read, auto) { products += read(dy) * read(y); });
    const float sum = L::reduce_sum(products);
    const float along = constant ? 0.0f : sum * d / norm;
    const float inverse = 1 / d;
    for_lanes<L>(width,
                 [&](auto read, auto write) { write(dx, (read(dy) - read(y) * along) * inverse); });
  });
}

}  // namespace

const CudaOp kCudaPoolOps[] = {{CLIPA_OP_POOL, pool_run},
                               {CLIPA_OP_POOL_BACKWARD, pool_backward_run},
                               {CLIPA_OP_L2_NORMALIZE, normalize_run},
                               {CLIPA_OP_L2_NORMALIZE_BACKWARD, normalize_backward_run},
                               {}};

}  // namespace clipa
