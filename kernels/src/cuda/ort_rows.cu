#include "cuda/launch.h"
#include "cuda/ort_rows.h"
#include "cuda/shared.h"
#include "cuda/warp_lanes.h"

namespace clipa {

namespace {

using L = WarpLanes;

constexpr int kWarps = kThreads / 32;

// The sum over the block, for every thread; `warp_sums` is used once.
__device__ inline float block_sum(float value, Shared<float> warp_sums) {
  const float of_warp = L::reduce_sum(value);
  if (L::lane() == 0) warp_sums[threadIdx.x / 32] = of_warp;
  __syncthreads();
  float sum = 0;
  for (int i = 0; i < kWarps; ++i) sum += warp_sums[i];
  return sum;
}

// A block pools a sample into shared memory and normalises it there: x is read once, and the pooled
// row never leaves the chip.
__global__ void pool_norm_kernel(PoolNorm p) {
  SharedMemory memory;
  Shared<float> pooled = memory.take(static_cast<int>(p.width));
  Shared<float> sums = memory.take(kWarps);
  Shared<float> squares = memory.take(kWarps);
  const int64_t sample = blockIdx.x;
  int64_t first = 0, last = 1;  // the tokens that count
  switch (p.pool) {
    case CLIPA_POOL_CLS:
      break;
    case CLIPA_POOL_MEAN:
      last = p.tokens;
      break;
    case CLIPA_POOL_MEAN_PATCHES:
      first = 1;
      last = p.tokens;
      break;
    case CLIPA_POOL_LAST:
      first = p.tokens - 1;
      last = p.tokens;
      break;
    default: {  // the first of the largest
      const int32_t* ids = p.ids + sample * p.tokens;
      for (int64_t t = 1; t < p.tokens; ++t) first = ids[t] > ids[first] ? t : first;
      last = first + 1;
    }
  }
  const float share = 1 / static_cast<float>(last - first);
  const float* x = p.x + sample * p.tokens * p.width;
  float sum = 0;
  for (int64_t c = threadIdx.x; c < p.width; c += kThreads) {
    float total = x[first * p.width + c];
    for (int64_t t = first + 1; t < last; ++t) total += x[t * p.width + c];
    total *= share;
    pooled[static_cast<int>(c)] = total;
    sum += total;
  }
  const float mean = block_sum(sum, sums) / static_cast<float>(p.width);
  float square = 0;
  for (int64_t c = threadIdx.x; c < p.width; c += kThreads) {
    const float d = pooled[static_cast<int>(c)] - mean;
    square += d * d;
  }
  const float variance = block_sum(square, squares) / static_cast<float>(p.width);
  const float rstd = 1 / sqrtf(variance + p.eps);
  for (int64_t c = threadIdx.x; c < p.width; c += kThreads) {
    const float d = pooled[static_cast<int>(c)] - mean;
    p.y[sample * p.width + c] = d * rstd * p.gamma[c] + p.beta[c];
  }
}

}  // namespace

void void_wrong_patches(Queue& queue, int64_t batch, int64_t kept, int64_t cls, int64_t patches,
                        int64_t width, const int32_t* index, float* tokens) {
  rows(queue, batch * kept, [=] __device__(int64_t row) {
    if (index[row] >= 0 && index[row] < patches) return;
    float* token = tokens + (row / kept * (kept + cls) + row % kept + cls) * width;
    for (int64_t c = L::lane(); c < width; c += 32) token[c] = __int_as_float(0x7fc00000);
  });
}

void pool_norm(Queue& queue, const PoolNorm& pool) {
  const uint64_t shared = shared_bytes(pool.width) + 2 * shared_bytes(kWarps);
  if (shared <= static_cast<uint64_t>(queue.shared_limit)) {
    launch(queue, pool_norm_kernel, dim3(static_cast<unsigned>(pool.batch)), kThreads, shared,
           pool);
    return;
  }
  float* pooled = queue.take(pool.batch * pool.width);
  float* statistics = queue.take(2 * pool.batch);
  Op op;
  op.dims[0] = pool.batch;
  op.dims[1] = pool.tokens;
  op.dims[2] = pool.width;
  op.dims[3] = pool.pool;
  op.data[0] = const_cast<float*>(pool.x);
  op.data[1] = const_cast<int32_t*>(pool.ids);
  op.data[2] = pooled;
  find_cuda_op(CLIPA_OP_POOL)->run(op, queue);
  op = Op();
  op.dims[0] = pool.batch;
  op.dims[1] = pool.width;
  op.scalars[0] = pool.eps;
  op.data[0] = pooled;
  op.data[1] = const_cast<float*>(pool.gamma);
  op.data[2] = const_cast<float*>(pool.beta);
  op.data[3] = pool.y;
  op.data[4] = statistics;
  op.data[5] = statistics + pool.batch;
  find_cuda_op(CLIPA_OP_LAYER_NORM)->run(op, queue);
}

void draw_masks(Queue& queue, const ort::Mask& mask, int64_t batch, const int64_t* samples,
                const int64_t* seed, const int64_t* epoch, int32_t* kept) {
  each(queue, batch, [=] __device__(int64_t i) {
    const ort::MaskKey key = {static_cast<uint32_t>(*seed), static_cast<uint32_t>(*epoch),
                              static_cast<uint32_t>(samples[i])};
    draw_mask(mask, key, kept + i * mask.keep);
  });
}

}  // namespace clipa
