// Attention on short sequences: one block per (sample, head) holds queries, keys and values on the
// chip, four rows to a warp. Sequences that do not fit are cut into tiles of rows, a block each,
// which walk over the tiles of the other side; so there is never a [batch, heads, tokens, tokens]
// array, and nothing is added up across blocks.
#include <algorithm>

#include "cuda/launch.h"
#include "cuda/shared.h"
#include "cuda/warp_lanes.h"
#include "lanes/lane_math.h"

namespace clipa {

namespace {

using L = WarpLanes;

constexpr int kWarpRows = 4;  // rows of a warp: what it reads of the other side serves all four
constexpr int kMostRows = 64;
constexpr int kMostHead = 256;

struct Dims {
  int batch, tokens, heads, head;
  int tile;  // rows of a block, and of the other side at a time
  float scale;
  bool causal;
};

__device__ inline int smaller(int a, int b) { return a < b ? a : b; }

// rows [first, first + count) of a matrix into shared memory, `stride` apart there.
__device__ inline void load_rows(const float* from, int64_t row, int first, int count, int head,
                                 int stride, Shared<float> to) {
  for (int i = threadIdx.x; i < count * head; i += blockDim.x) {
    const int r = i / head, c = i % head;
    to[r * stride + c] = from[(first + r) * row + c];
  }
}

// products[r] = own row r times other row `j`, both in shared memory.
__device__ inline void row_products(Shared<float> own, int first, Shared<float> other, int j,
                                    int head, float* products) {
  for (int r = 0; r < kWarpRows; ++r) products[r] = 0;
  for (int c = 0; c < head; ++c) {
    const float value = other[j * (head + 1) + c];
    for (int r = 0; r < kWarpRows; ++r) products[r] += own[(first + r) * head + c] * value;
  }
}

// sums[r][i] += weights of row r times the other side's column lane + 32 i.
template <int kColumns>
__device__ inline void add_weighted(Shared<float> weights, int first, int stride,
                                    Shared<float> other, int count, int head,
                                    float (&sums)[kWarpRows][kColumns]) {
  for (int j = 0; j < count; ++j) {
    float weight[kWarpRows];
    for (int r = 0; r < kWarpRows; ++r) weight[r] = weights[(first + r) * stride + j];
    for (int i = 0; i < kColumns; ++i) {
      const int c = L::lane() + 32 * i;
      float value = 0;
      if (c < head) value = other[j * (head + 1) + c];
      for (int r = 0; r < kWarpRows; ++r) sums[r][i] += weight[r] * value;
    }
  }
}

// --- forward. Shared: queries [tile, head], keys and values [tile, head + 1], weights [tile,
// tile].

inline uint64_t forward_shared(int tile, int head) {
  return shared_bytes(tile * head) + 2 * shared_bytes(tile * (head + 1)) +
         shared_bytes(tile * tile);
}

template <int kColumns>
__global__ void forward_kernel(Dims d, const float* qkv, float* y, float* lse) {
  const int width = d.heads * d.head;
  const int64_t sample = blockIdx.x / d.heads;
  const int h = blockIdx.x % d.heads;
  const float* q = qkv + sample * d.tokens * 3 * width + h * d.head;
  const int query = blockIdx.y * d.tile;
  const int queries = smaller(d.tile, d.tokens - query);
  const int first = threadIdx.x / 32 * kWarpRows;  // of this warp, within the tile

  SharedMemory memory;
  Shared<float> q_rows = memory.take(d.tile * d.head);
  Shared<float> k_rows = memory.take(d.tile * (d.head + 1));
  Shared<float> v_rows = memory.take(d.tile * (d.head + 1));
  Shared<float> weights = memory.take(d.tile * d.tile);

  // Rows beyond the last query are worked on like the others, and left out at the end.
  for (int i = threadIdx.x; i < (d.tile - queries) * d.head; i += blockDim.x) {
    q_rows[queries * d.head + i] = 0.0f;
  }
  load_rows(q, 3 * width, query, queries, d.head, d.head, q_rows);

  float sums[kWarpRows][kColumns] = {};
  float largest[kWarpRows], totals[kWarpRows];
  for (int r = 0; r < kWarpRows; ++r) {
    largest[r] = -INFINITY;
    totals[r] = 0;
  }
  const int end = d.causal ? query + queries : d.tokens;
  for (int key = 0; key < end; key += d.tile) {
    const int keys = smaller(d.tile, d.tokens - key);
    load_rows(q + width, 3 * width, key, keys, d.head, d.head + 1, k_rows);
    load_rows(q + 2 * width, 3 * width, key, keys, d.head, d.head + 1, v_rows);
    __syncthreads();
    float scores[kWarpRows][kMostRows / 32];
    for (int half = 0; half < kMostRows / 32; ++half) {
      const int j = L::lane() + 32 * half;
      float products[kWarpRows];
      if (j < keys) row_products(q_rows, first, k_rows, j, d.head, products);
      for (int r = 0; r < kWarpRows; ++r) {
        const bool seen = j < keys && (!d.causal || key + j <= query + first + r);
        scores[r][half] = seen ? products[r] * d.scale : -INFINITY;
      }
    }
    for (int r = 0; r < kWarpRows; ++r) {
      const float now = L::max(largest[r], L::reduce_max(L::max(scores[r][0], scores[r][1])));
      // Where nothing is seen yet, any finite shift gives the weight zero.
      const float shift = now == -INFINITY ? 0.0f : now;
      const float shrink = lane_exp<L>(largest[r] - shift);
      float added = 0;
      for (int half = 0; half < kMostRows / 32; ++half) {
        const int j = L::lane() + 32 * half;
        const float weight = lane_exp<L>(scores[r][half] - shift);
        if (j < keys) weights[(first + r) * d.tile + j] = weight;
        added += weight;
      }
      totals[r] = totals[r] * shrink + L::reduce_sum(added);
      largest[r] = now;
      for (int i = 0; i < kColumns; ++i) sums[r][i] *= shrink;
    }
    __syncwarp();
    add_weighted<kColumns>(weights, first, d.tile, v_rows, keys, d.head, sums);
    __syncthreads();
  }

  for (int r = 0; r < kWarpRows; ++r) {
    const int t = query + first + r;
    if (first + r >= queries) continue;
    const float inverse = 1 / totals[r];
    for (int i = 0; i < kColumns; ++i) {
      const int c = L::lane() + 32 * i;
      if (c < d.head) y[(sample * d.tokens + t) * width + h * d.head + c] = sums[r][i] * inverse;
    }
    if (L::lane() == 0) {
      lse[int64_t{blockIdx.x} * d.tokens + t] = largest[r] + logf(totals[r]);
    }
  }
}

// --- backward. With P recomputed from the log-sum-exp and D = y dy: dS = P (dy v^T - D) scale;
// dq = dS k, dk = dS^T q, dv = P^T dy. A block owns a tile of queries, then the same tile of keys.

inline uint64_t backward_shared(int tile, int head) {
  return 2 * shared_bytes(tile * head) + 2 * shared_bytes(tile * (head + 1)) +
         2 * shared_bytes(tile * tile) + 2 * shared_bytes(tile);
}

// What the own side and the other side are: queries with dy, and keys with values.
struct Sides {
  const float* own[2];
  int64_t own_row[2];
  const float* other[2];
  int64_t other_row[2];
};

template <int kColumns, bool kOwnKeys>
__device__ inline void backward_tile(const Dims& d, const Sides& sides, const float* lse,
                                     const float* dots, float* out0, float* out1) {
  const int own = blockIdx.y * d.tile;
  const int owned = smaller(d.tile, d.tokens - own);
  const int first = threadIdx.x / 32 * kWarpRows;
  const int64_t out_row = 3 * d.heads * d.head;

  SharedMemory memory;
  Shared<float> own0 = memory.take(d.tile * d.head);
  Shared<float> own1 = memory.take(d.tile * d.head);
  Shared<float> other0 = memory.take(d.tile * (d.head + 1));
  Shared<float> other1 = memory.take(d.tile * (d.head + 1));
  Shared<float> gradients = memory.take(d.tile * d.tile);
  Shared<float> weights = memory.take(d.tile * d.tile);
  Shared<float> query_lse = memory.take(d.tile);
  Shared<float> query_dots = memory.take(d.tile);

  __syncthreads();  // the tile before this one may still be read
  for (int i = threadIdx.x; i < (d.tile - owned) * d.head; i += blockDim.x) {
    own0[owned * d.head + i] = 0.0f;
    own1[owned * d.head + i] = 0.0f;
  }
  load_rows(sides.own[0], sides.own_row[0], own, owned, d.head, d.head, own0);
  load_rows(sides.own[1], sides.own_row[1], own, owned, d.head, d.head, own1);

  float sums0[kWarpRows][kColumns] = {};
  float sums1[kWarpRows][kColumns] = {};
  const int begin = d.causal && kOwnKeys ? own : 0;
  const int end = d.causal && !kOwnKeys ? own + owned : d.tokens;
  for (int other = begin; other < end; other += d.tile) {
    const int count = smaller(d.tile, d.tokens - other);
    load_rows(sides.other[0], sides.other_row[0], other, count, d.head, d.head + 1, other0);
    load_rows(sides.other[1], sides.other_row[1], other, count, d.head, d.head + 1, other1);
    const int query = kOwnKeys ? other : own;
    for (int i = threadIdx.x; i < smaller(d.tile, d.tokens - query); i += blockDim.x) {
      query_lse[i] = lse[query + i];
      query_dots[i] = dots[query + i];
    }
    __syncthreads();
    for (int j = L::lane(); j < count; j += 32) {
      float scores[kWarpRows], slopes[kWarpRows];
      row_products(own0, first, other0, j, d.head, scores);
      row_products(own1, first, other1, j, d.head, slopes);
      for (int r = 0; r < kWarpRows; ++r) {
        const int row = first + r;
        const int q = kOwnKeys ? j : row;  // of the queries in shared memory
        const bool seen =
            row < owned &&
            (!d.causal || (kOwnKeys ? own + row <= other + j : other + j <= own + row));
        const float weight = seen ? lane_exp<L>(scores[r] * d.scale - query_lse[q]) : 0.0f;
        if (kOwnKeys) weights[row * d.tile + j] = weight;
        gradients[row * d.tile + j] = seen ? weight * (slopes[r] - query_dots[q]) * d.scale : 0.0f;
      }
    }
    __syncwarp();
    add_weighted<kColumns>(gradients, first, d.tile, other0, count, d.head, sums0);
    if (kOwnKeys) add_weighted<kColumns>(weights, first, d.tile, other1, count, d.head, sums1);
    __syncthreads();
  }

  for (int r = 0; r < kWarpRows; ++r) {
    if (first + r >= owned) continue;
    const int64_t row = (own + first + r) * out_row;
    for (int i = 0; i < kColumns; ++i) {
      const int c = L::lane() + 32 * i;
      if (c >= d.head) continue;
      out0[row + c] = sums0[r][i];
      if (kOwnKeys) out1[row + c] = sums1[r][i];
    }
  }
}

template <int kColumns>
__global__ void backward_kernel(Dims d, const float* qkv, const float* lse, const float* dy,
                                const float* dots, float* dqkv) {
  const int width = d.heads * d.head;
  const int64_t sample = blockIdx.x / d.heads;
  const int h = blockIdx.x % d.heads;
  const float* q = qkv + sample * d.tokens * 3 * width + h * d.head;
  const float* k = q + width;
  const float* v = k + width;
  const float* dy_rows = dy + sample * d.tokens * width + h * d.head;
  float* dq = dqkv + sample * d.tokens * 3 * width + h * d.head;
  const int64_t at = int64_t{blockIdx.x} * d.tokens;
  const int64_t step = 3 * width;
  backward_tile<kColumns, false>(d, {{q, dy_rows}, {step, width}, {k, v}, {step, step}}, lse + at,
                                 dots + at, dq, nullptr);
  backward_tile<kColumns, true>(d, {{k, v}, {step, step}, {q, dy_rows}, {step, width}}, lse + at,
                                dots + at, dq + width, dq + 2 * width);
}

// The largest tile of whole warps that the shared memory holds.
int tile_of(const Queue& queue, int tokens, int head, uint64_t (*shared)(int, int)) {
  int tile = std::min(kMostRows, (tokens + kWarpRows - 1) / kWarpRows * kWarpRows);
  while (tile > kWarpRows && shared(tile, head) > static_cast<uint64_t>(queue.shared_limit)) {
    tile -= kWarpRows;
  }
  return tile;
}

Dims dims_of(const Op& op, const Queue& queue, uint64_t (*shared)(int, int)) {
  if (op.dims[3] > kMostHead) {
    throw StatusError(CLIPA_UNSUPPORTED, "attention: a head has " + std::to_string(op.dims[3]) +
                                             " columns; this build allows up to " +
                                             std::to_string(kMostHead));
  }
  Dims d;
  d.batch = static_cast<int>(op.dims[0]);
  d.tokens = static_cast<int>(op.dims[1]);
  d.heads = static_cast<int>(op.dims[2]);
  d.head = static_cast<int>(op.dims[3]);
  d.tile = tile_of(queue, d.tokens, d.head, shared);
  d.scale = op.scalars[0];
  d.causal = op.flag(CLIPA_FLAG_CAUSAL);
  return d;
}

// Calls body(columns) with the number of columns of a lane as a constant.
template <class Body>
void with_columns(int head, Body body) {
  if (head <= 32) return body(std::integral_constant<int, 1>());
  if (head <= 64) return body(std::integral_constant<int, 2>());
  if (head <= 96) return body(std::integral_constant<int, 3>());
  if (head <= 128) return body(std::integral_constant<int, 4>());
  body(std::integral_constant<int, kMostHead / 32>());
}

dim3 grid_of(const Dims& d) {
  return dim3(static_cast<unsigned>(d.batch) * d.heads, (d.tokens + d.tile - 1) / d.tile);
}

void forward_run(const Op& op, Queue& queue) {
  const Dims d = dims_of(op, queue, forward_shared);
  with_columns(d.head, [&](auto columns) {
    launch(queue, forward_kernel<decltype(columns)::value>, grid_of(d), d.tile / kWarpRows * 32,
           forward_shared(d.tile, d.head), d, op.in(0), op.out(1), op.out(2));
  });
}

void backward_run(const Op& op, Queue& queue) {
  const Dims d = dims_of(op, queue, backward_shared);
  const int64_t width = op.dims[2] * op.dims[3], tokens = op.dims[1], heads = op.dims[2];
  const int head = d.head;
  const float *y = op.in(1), *dy = op.in(3);
  float* dots = queue.take(op.dims[0] * heads * tokens);  // [batch, heads, tokens]
  rows(queue, op.dims[0] * heads * tokens, [=] __device__(int64_t row) {
    const int64_t sample = row / (heads * tokens), h = row / tokens % heads, t = row % tokens;
    const int64_t at = (sample * tokens + t) * width + h * head;
    float dot = 0;
    for (int c = L::lane(); c < head; c += 32) dot += y[at + c] * dy[at + c];
    dots[row] = L::reduce_sum(dot);
  });
  with_columns(d.head, [&](auto columns) {
    launch(queue, backward_kernel<decltype(columns)::value>, grid_of(d), d.tile / kWarpRows * 32,
           backward_shared(d.tile, d.head), d, op.in(0), op.in(2), dy, dots, op.out(4));
  });
}

}  // namespace

const CudaOp kCudaAttentionOps[] = {
    {CLIPA_OP_ATTENTION, forward_run}, {CLIPA_OP_ATTENTION_BACKWARD, backward_run}, {}};

}  // namespace clipa
