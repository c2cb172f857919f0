// Attention on short sequences. One (sample, head) at a time; its scores live
// in this thread's scratch, so no [batch, heads, tokens, tokens] array exists,
// forward or backward.
#include <algorithm>
#include <cstring>

#include "base/op.h"
#include "cpu/attend.h"
#include "cpu/ranges.h"
#include "cpu/small_product.h"
#include "lanes/attention_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

constexpr int64_t kMaxTokens = 4096;

struct Dims {
  explicit Dims(const Op& op) : tokens(op.dims[1]), heads(op.dims[2]), head(op.dims[3]) {}
  explicit Dims(const AttentionShape& shape)
      : tokens(shape.tokens), heads(shape.heads), head(shape.head) {}
  int64_t tokens, heads, head;
  int64_t width() const { return heads * head; }
  // Keys padded to whole vectors: the length of a row of scores and of
  // transposed keys.
  int64_t padded() const { return (tokens + L::kWidth - 1) / L::kWidth * L::kWidth; }
  // Columns of scores to work out: whole half vectors, so that no load is
  // partial.
  int64_t columns() const { return std::min(padded(), (tokens + 7) / 8 * 8); }
};

void forward_needs(const Op& op, Needs& needs) {
  const Extent batch = op.dims[0], tokens = op.dims[1], heads = op.dims[2], head = op.dims[3];
  needs.add(batch * tokens * 3 * heads * head);
  needs.add(batch * tokens * heads * head);
  needs.add(batch * heads * tokens);
  needs.refuse(check_dims(op, 4));
  if (op.dims[1] > kMaxTokens) needs.refuse("more than 4096 tokens");
}

void backward_needs(const Op& op, Needs& needs) {
  forward_needs(op, needs);
  needs.add(op.extent(0) * op.extent(1) * op.extent(2) * op.extent(3));
  needs.add(op.extent(0) * op.extent(1) * 3 * op.extent(2) * op.extent(3));
}

int64_t items(const Op& op, int) { return op.dims[0] * op.dims[2]; }

// Whole samples, so that the rows a task reads and writes are its own cache
// lines.
int64_t grain(const Op& op, int) {
  const Dims d(op);
  const int64_t samples = kElementGrain * 2 / std::max<int64_t>(1, d.tokens * d.width() * 3);
  return d.heads * std::max<int64_t>(1, samples);
}

uint64_t forward_floats(const Dims& d) { return d.padded() * (d.head + d.tokens); }
uint64_t forward_scratch(const Op& op) { return sizeof(float) * forward_floats(Dims(op)); }

uint64_t backward_scratch(const Op& op) {
  const Dims d(op);
  return sizeof(float) * d.padded() * (d.head + 2 * d.tokens);
}

// out[head, padded] = factor * transpose of rows[tokens, head]. Padding that a
// full square does not reach is left alone: run() has cleared it.
void transpose(const Dims& d, float factor, const float* rows, int64_t stride, float* out) {
  constexpr int64_t kW = L::kWidth;
  constexpr int64_t kFew = 4;  // so many rows are cheaper one by one
  const int64_t padded = d.padded();
  for (int64_t t = 0; t < d.tokens; t += kW) {
    const int64_t count = std::min(kW, d.tokens - t);
    if (count <= kFew) {
      for (int64_t i = t; i < d.tokens; ++i) {
        for (int64_t k = 0; k < d.head; ++k) out[k * padded + i] = rows[i * stride + k] * factor;
      }
      continue;
    }
    for (int64_t k = 0; k < d.head; k += kW) {
      const int64_t part = std::min(kW, d.head - k);
      L::V square[kW];
      for (int64_t i = 0; i < kW; ++i) {
        const float* from = rows + (t + i) * stride + k;
        square[i] = i >= count ? L::splat(0) : part < kW ? L::load_part(from, part) : L::load(from);
      }
      L::transpose(square);
      for (int64_t i = 0; i < part; ++i) L::store(out + (k + i) * padded + t, square[i] * factor);
    }
  }
}

// Reads a sample's part of an array once, in order, before its heads are worked
// on. A head is a strided piece, which the processor cannot foresee: with
// arrays that do not fit the cache, its misses cost as much time as the
// products.
void touch(const float* array, int64_t sample, int64_t floats) {
  constexpr int64_t kLine = 16;
  const float* start = array + sample * floats;
  for (int64_t i = 0; i < floats; i += kLine) {
    (void)*static_cast<const volatile float*>(start + i);  // volatile: the load must stay
  }
}

// One head's mixed values of the queries first..last; y is the first one's. The transposed keys at
// the start of the scratch must be zero where no key belongs.
void forward_head(const Dims& d, float scale, bool causal, const float* qkv, int64_t h,
                  int64_t first, int64_t last, float* y, float* lse, float* scratch) {
  const int64_t stride = 3 * d.width();
  const int64_t padded = d.padded();
  const int64_t rows = last - first;
  float* keys = scratch;                   // [head, padded], times scale
  float* scores = keys + d.head * padded;  // [rows, padded]
  const float* q = qkv + h * d.head;
  const float* k = q + d.width();
  const float* v = k + d.width();
  transpose(d, scale, k, stride, keys);
  small_product(
      {rows, d.columns(), d.head, q + first * stride, stride, 1, keys, padded, scores, padded});
  for (int64_t t = 0; t < rows; ++t) {
    attention_row<L>(d.tokens, causal ? first + t + 1 : d.tokens, scores + t * padded,
                     lse != nullptr ? lse + t : nullptr);
  }
  small_product({rows, d.head, d.tokens, scores, padded, 1, v, stride, y, d.width()});
}

const char* forward_run(const Op& op, int, int64_t begin, int64_t end, const Run& run) {
  const Dims d(op);
  const int64_t stride = 3 * d.width();
  const bool causal = op.flag(CLIPA_FLAG_CAUSAL);
  float* scratch = reinterpret_cast<float*>(run.scratch);
  std::memset(scratch, 0, sizeof(float) * d.head * d.padded());
  for (int64_t item = begin; item < end; ++item) {
    const int64_t sample = item / d.heads;
    const int64_t h = item % d.heads;
    float* y = op.out(1) + sample * d.tokens * d.width() + h * d.head;
    if (h == 0) {
      touch(op.in(0), sample, d.tokens * stride);
      touch(op.in(1), sample, d.tokens * d.width());
    }
    forward_head(d, op.scalars[0], causal, op.in(0) + sample * d.tokens * stride, h, 0, d.tokens, y,
                 op.out(2) + item * d.tokens, scratch);
  }
  return nullptr;
}

// P is recomputed from the log-sum-exp; with D_t = y_t dy_t: dS = P (dy v^T -
// D) scale.
const char* backward_run(const Op& op, int, int64_t begin, int64_t end, const Run& run) {
  const Dims d(op);
  const int64_t width = d.width();
  const int64_t stride = 3 * width;
  const int64_t padded = d.padded();
  const int64_t n = d.columns();
  const bool causal = op.flag(CLIPA_FLAG_CAUSAL);
  const float scale = op.scalars[0];
  float* turned = reinterpret_cast<float*>(run.scratch);  // [head, padded]: keys, then values
  float* p = turned + d.head * padded;                    // [tokens, padded]
  float* ds = p + d.tokens * padded;                      // [tokens, padded]
  std::memset(turned, 0, sizeof(float) * d.head * padded);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t sample = item / d.heads;
    const int64_t h = item % d.heads;
    const int64_t at = sample * d.tokens * stride + h * d.head;
    const int64_t out_at = sample * d.tokens * width + h * d.head;
    const float* q = op.in(0) + at;
    const float* k = q + width;
    const float* v = k + width;
    const float* y = op.in(1) + out_at;
    const float* lse = op.in(2) + item * d.tokens;
    const float* dy = op.in(3) + out_at;
    float* dq = op.out(4) + at;
    float* dk = dq + width;
    float* dv = dk + width;

    if (h == 0) {
      touch(op.in(0), sample, d.tokens * stride);
      touch(op.in(1), sample, d.tokens * width);
      touch(op.in(3), sample, d.tokens * width);
      touch(op.in(4), sample, d.tokens * stride);
    }
    transpose(d, scale, k, stride, turned);
    small_product({d.tokens, n, d.head, q, stride, 1, turned, padded, p, padded});
    transpose(d, 1, v, stride, turned);
    small_product({d.tokens, n, d.head, dy, width, 1, turned, padded, ds, padded});
    for (int64_t t = 0; t < d.tokens; ++t) {
      const float* yt = y + t * width;
      const float* dyt = dy + t * width;
      L::V products = L::splat(0);
      for_lanes<L>(d.head, [&](auto read, auto) { products += read(yt) * read(dyt); });
      attention_backward_row<L>(d.tokens, causal ? t + 1 : d.tokens, lse[t],
                                L::reduce_sum(products), scale, p + t * padded, ds + t * padded);
    }
    small_product({d.tokens, d.head, d.tokens, ds, padded, 1, k, stride, dq, stride});
    small_product({d.tokens, d.head, d.tokens, ds, 1, padded, q, stride, dk, stride});
    small_product({d.tokens, d.head, d.tokens, p, 1, padded, dy, width, dv, stride});
  }
  return nullptr;
}

}  // namespace

uint64_t attend_scratch(const AttentionShape& shape) {
  return sizeof(float) * forward_floats(Dims(shape));
}

void attend(const AttentionShape& shape, const float* qkv, int64_t first, int64_t last, float* y,
            char* scratch) {
  const Dims d(shape);
  float* floats = reinterpret_cast<float*>(scratch);
  std::memset(floats, 0, sizeof(float) * d.head * d.padded());
  for (int64_t h = 0; h < d.heads; ++h) {
    forward_head(d, shape.scale, shape.causal, qkv, h, first, last, y + h * d.head, nullptr,
                 floats);
  }
}

const OpSpec kAttentionOps[] = {
    {CLIPA_OP_ATTENTION, "attention", CLIPA_FLAG_CAUSAL, 1, forward_needs, items, grain, no_bytes,
     forward_scratch, forward_run},
    {CLIPA_OP_ATTENTION_BACKWARD, "attention_backward", CLIPA_FLAG_CAUSAL, 1, backward_needs, items,
     grain, no_bytes, backward_scratch, backward_run},
    {}};

}  // namespace clipa
