// Attention on short sequences. One (sample, head) at a time; its scores live in this thread's
// scratch, so no [batch, heads, tokens, tokens] array exists, forward or backward.
#include <algorithm>
#include <cmath>

#include "base/op.h"
#include "cpu/ranges.h"
#include "cpu/small_product.h"
#include "lanes/softmax_row.h"

namespace clipa {

namespace {

using L = CpuLanes;

constexpr int64_t kMaxTokens = 4096;

struct Dims {
  explicit Dims(const Op& op)
      : batch(op.dims[0]), tokens(op.dims[1]), heads(op.dims[2]), head(op.dims[3]) {}
  int64_t batch, tokens, heads, head;
  int64_t width() const { return heads * head; }
  // Keys padded to whole vectors: rows of scores and of transposed keys.
  int64_t padded() const { return (tokens + L::kWidth - 1) / L::kWidth * L::kWidth; }
};

void add_forward_needs(const Op& op, Needs& needs) {
  const Dims d(op);
  needs.add(d.batch * d.tokens * 3 * d.width());
  needs.add(d.batch * d.tokens * d.width());
  needs.add(d.batch * d.heads * d.tokens);
  needs.problem = check_dims(op, 4);
  if (d.tokens > kMaxTokens) needs.problem = "more than 4096 tokens";
}

void backward_needs(const Op& op, Needs& needs) {
  const Dims d(op);
  add_forward_needs(op, needs);
  needs.add(d.batch * d.tokens * d.width());
  needs.add(d.batch * d.tokens * 3 * d.width());
}

int64_t items(const Op& op, int) { return op.dims[0] * op.dims[2]; }

// Whole samples, so that the rows a task reads and writes are its own cache lines.
int64_t grain(const Op& op, int) {
  const Dims d(op);
  const int64_t samples = kElementGrain * 2 / std::max<int64_t>(1, d.tokens * d.width() * 3);
  return d.heads * std::max<int64_t>(1, samples);
}

uint64_t forward_scratch(const Op& op) {
  const Dims d(op);
  return sizeof(float) * d.padded() * (d.head + d.tokens);
}

uint64_t backward_scratch(const Op& op) {
  const Dims d(op);
  return sizeof(float) * d.padded() * (d.head + 2 * d.tokens);
}

// out[head, padded] = transpose of rows[tokens, head]; the padding is zero.
void transpose(const Dims& d, const float* rows, int64_t row_stride, float* out) {
  const int64_t padded = d.padded();
  for (int64_t k = 0; k < d.head; ++k) {
    float* line = out + k * padded;
    for (int64_t t = 0; t < d.tokens; ++t) line[t] = rows[t * row_stride + k];
    for (int64_t t = d.tokens; t < padded; ++t) line[t] = 0;
  }
}

// Scores of padding and of tokens that a causal row must not see become minus infinity, so that
// rows are whole vectors and the exponential gives exact zeros there.
void hide(float* row, int64_t seen, int64_t padded) {
  for (int64_t j = seen; j < padded; ++j) row[j] = -INFINITY;
}

const char* forward_run(const Op& op, int, int64_t begin, int64_t end, const Run& run) {
  const Dims d(op);
  const int64_t stride = 3 * d.width();
  const int64_t padded = d.padded();
  const bool causal = op.flag(CLIPA_FLAG_CAUSAL);
  const float scale = op.scalars[0];
  float* keys = reinterpret_cast<float*>(run.scratch);  // [head, padded]
  float* scores = keys + d.head * padded;               // [tokens, padded]
  for (int64_t item = begin; item < end; ++item) {
    const int64_t sample = item / d.heads;
    const int64_t h = item % d.heads;
    const float* q = op.in(0) + sample * d.tokens * stride + h * d.head;
    const float* k = q + d.width();
    const float* v = k + d.width();
    float* lse = op.out(2) + item * d.tokens;
    transpose(d, k, stride, keys);
    small_product(d.tokens, padded, d.head, q, stride, 1, keys, padded, scores, padded);
    for (int64_t t = 0; t < d.tokens; ++t) {
      float* row = scores + t * padded;
      hide(row, causal ? t + 1 : d.tokens, padded);
      for_lanes<L>(padded, [&](auto read, auto write) { write(row, read(row) * scale); });
      const float largest = max_row<L>(padded, row);
      const float total = exp_row<L>(padded, row, largest, row);
      const float inverse = 1 / total;
      for_lanes<L>(padded, [&](auto read, auto write) { write(row, read(row) * inverse); });
      lse[t] = largest + std::log(total);
    }
    float* y = op.out(1) + sample * d.tokens * d.width() + h * d.head;
    small_product(d.tokens, d.head, d.tokens, scores, padded, 1, v, stride, y, d.width());
  }
  return nullptr;
}

// P is recomputed from the log-sum-exp; with D_t = y_t dy_t: dS = P (dy v^T - D) scale.
const char* backward_run(const Op& op, int, int64_t begin, int64_t end, const Run& run) {
  const Dims d(op);
  const int64_t stride = 3 * d.width();
  const int64_t padded = d.padded();
  const bool causal = op.flag(CLIPA_FLAG_CAUSAL);
  const float scale = op.scalars[0];
  float* columns = reinterpret_cast<float*>(run.scratch);  // [head, padded]
  float* p = columns + d.head * padded;                    // [tokens, padded]
  float* ds = p + d.tokens * padded;                       // [tokens, padded]
  for (int64_t item = begin; item < end; ++item) {
    const int64_t sample = item / d.heads;
    const int64_t h = item % d.heads;
    const int64_t at = sample * d.tokens * stride + h * d.head;
    const int64_t out_at = sample * d.tokens * d.width() + h * d.head;
    const float* q = op.in(0) + at;
    const float* k = q + d.width();
    const float* v = k + d.width();
    const float* y = op.in(1) + out_at;
    const float* lse = op.in(2) + item * d.tokens;
    const float* dy = op.in(3) + out_at;
    float* dq = op.out(4) + at;

    transpose(d, k, stride, columns);
    small_product(d.tokens, padded, d.head, q, stride, 1, columns, padded, p, padded);
    transpose(d, v, stride, columns);
    small_product(d.tokens, padded, d.head, dy, d.width(), 1, columns, padded, ds, padded);
    for (int64_t t = 0; t < d.tokens; ++t) {
      float* prob = p + t * padded;
      float* slope = ds + t * padded;
      hide(prob, causal ? t + 1 : d.tokens, padded);
      L::V products = L::splat(0);
      for_lanes<L>(d.head, [&](auto read, auto) {
        products += read(y + t * d.width()) * read(dy + t * d.width());
      });
      const float dot = L::reduce_sum(products);
      const float shift = lse[t];
      for_lanes<L>(padded, [&](auto read, auto write) {
        const L::V value = lane_exp<L>(read(prob) * scale - shift);
        write(prob, value);
        write(slope, value * (read(slope) - dot) * scale);
      });
    }
    small_product(d.tokens, d.head, d.tokens, ds, padded, 1, k, stride, dq, stride);
    small_product(d.tokens, d.head, d.tokens, ds, 1, padded, q, stride, dq + d.width(), stride);
    small_product(d.tokens, d.head, d.tokens, p, 1, padded, dy, d.width(), dq + 2 * d.width(),
                  stride);
  }
  return nullptr;
}

}  // namespace

const OpSpec kAttentionOps[] = {
    {CLIPA_OP_ATTENTION, "attention", 1, add_forward_needs, items, grain, no_bytes, forward_scratch,
     forward_run},
    {CLIPA_OP_ATTENTION_BACKWARD, "attention_backward", 1, backward_needs, items, grain, no_bytes,
     backward_scratch, backward_run},
    {}};

}  // namespace clipa
