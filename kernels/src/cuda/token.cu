// Token embedding, patches and the assembly of image tokens.
#include "cuda/gather.h"
#include "cuda/launch.h"
#include "cuda/warp_lanes.h"

namespace clipa {

namespace {

void embedding_run(const Op& op, Queue& queue) {
  const int64_t tokens = op.dims[1], width = op.dims[2], vocabulary = op.dims[3];
  const int32_t* ids = op.in<int32_t>(0);
  const float* table = op.in(1);
  const float* position = op.has(2) ? op.in(2) : nullptr;
  float* y = op.out(3);
  const Report report = report_of(queue);
  each(queue, op.dims[0] * tokens * width, [=] __device__(int64_t i) {
    const int64_t row = i / width, column = i % width;
    const int32_t id = ids[row];
    if (id < 0 || id >= vocabulary) {
      report(Wrong::kToken);
      return;
    }
    const float value = table[id * width + column];
    y[i] = position != nullptr ? value + position[row % tokens * width + column] : value;
  });
}

void embedding_backward_run(const Op& op, Queue& queue) {
  const int64_t tokens = op.dims[1], width = op.dims[2], vocabulary = op.dims[3];
  const int64_t count = op.dims[0] * tokens;
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  const int32_t* ids = op.in<int32_t>(0);
  int32_t* keys = queue.take<int32_t>(count);
  const Report report = report_of(queue);
  each(queue, count, [=] __device__(int64_t i) {
    const bool wrong = ids[i] < 0 || ids[i] >= vocabulary;
    if (wrong) report(Wrong::kToken);
    keys[i] = wrong ? -1 : ids[i];
  });
  gather_rows(queue, keys, count, op.in(1), width, vocabulary, accumulate, op.out(2));
  if (!op.has(3)) return;
  each(queue, count, [=] __device__(int64_t i) { keys[i] = static_cast<int32_t>(i % tokens); });
  gather_rows(queue, keys, count, op.in(1), width, tokens, accumulate, op.out(3));
}

void patchify_run(const Op& op, Queue& queue) {
  const int64_t height = op.dims[1], width = op.dims[2], patch = op.dims[3], kept = op.dims[4];
  const int64_t columns = width / patch, patches = height / patch * columns;
  const int64_t entries = 3 * patch * patch;
  const uint8_t* pixels = op.in<uint8_t>(0);
  const float* meanstd = op.in(1);
  const int32_t* index = op.has(2) ? op.in<int32_t>(2) : nullptr;
  float* y = op.out(3);
  const Report report = report_of(queue);
  each(queue, op.dims[0] * kept * entries, [=] __device__(int64_t i) {
    const int64_t row = i / entries, entry = i % entries;
    const int64_t sample = row / kept;
    const int64_t at = index != nullptr ? index[row] : row % kept;
    if (at < 0 || at >= patches) {
      report(Wrong::kPatch);
      return;
    }
    const int64_t channel = entry / (patch * patch), py = entry / patch % patch, px = entry % patch;
    const int64_t line = at / columns * patch + py, column = at % columns * patch + px;
    // (v / 255 - mean) / std as one multiplication and one addition.
    const float factor = 1 / (255 * meanstd[3 + channel]);
    const float shift = -meanstd[channel] / meanstd[3 + channel];
    const uint8_t value = pixels[((sample * height + line) * width + column) * 3 + channel];
    y[i] = static_cast<float>(value) * factor + shift;
  });
}

// The row of the position table for token t of a sample; -1 when it lies outside.
__device__ inline int64_t position_of(const int32_t* index, int64_t sample, int64_t t, int64_t kept,
                                      int64_t cls, int64_t positions) {
  if (t < cls) return 0;
  const int64_t position = cls + (index != nullptr ? index[sample * kept + t - cls] : t - cls);
  return position >= cls && position < positions ? position : -1;
}

void assemble_run(const Op& op, Queue& queue) {
  const int64_t kept = op.dims[1], width = op.dims[2], positions = op.dims[3];
  const int64_t cls = op.has(1) ? 1 : 0, tokens = kept + cls;
  const float* x = op.in(0);
  const float* class_token = op.in(1);
  const float* position = op.has(2) ? op.in(2) : nullptr;
  const int32_t* index = op.has(3) ? op.in<int32_t>(3) : nullptr;
  float* y = op.out(4);
  const Report report = report_of(queue);
  each(queue, op.dims[0] * tokens * width, [=] __device__(int64_t i) {
    const int64_t row = i / width, column = i % width;
    const int64_t sample = row / tokens, t = row % tokens;
    float value = t < cls ? class_token[column] : x[(sample * kept + t - cls) * width + column];
    if (position != nullptr) {
      const int64_t at = position_of(index, sample, t, kept, cls, positions);
      if (at < 0) {
        report(Wrong::kPosition);
        return;
      }
      value += position[at * width + column];
    }
    y[i] = value;
  });
}

void assemble_backward_run(const Op& op, Queue& queue) {
  const int64_t batch = op.dims[0], kept = op.dims[1], width = op.dims[2], positions = op.dims[3];
  const int64_t cls = op.flag(CLIPA_FLAG_CLASS_TOKEN) ? 1 : 0, tokens = kept + cls;
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  const float* dy = op.in(0);
  const int32_t* index = op.has(1) ? op.in<int32_t>(1) : nullptr;
  float* dx = op.out(2);
  each(queue, batch * kept * width, [=] __device__(int64_t i) {
    const int64_t row = i / width, column = i % width;
    dx[i] = dy[(row / kept * tokens + row % kept + cls) * width + column];
  });
  if (!op.has(3) && !op.has(4)) return;
  const int64_t count = batch * tokens;
  int32_t* keys = queue.take<int32_t>(count);
  if (op.has(3)) {
    each(queue, count, [=] __device__(int64_t i) { keys[i] = i % tokens == 0 ? 0 : -1; });
    gather_rows(queue, keys, count, dy, width, 1, accumulate, op.out(3));
  }
  if (!op.has(4)) return;
  const Report report = report_of(queue);
  each(queue, count, [=] __device__(int64_t i) {
    const int64_t at = position_of(index, i / tokens, i % tokens, kept, cls, positions);
    if (at < 0) report(Wrong::kPosition);
    keys[i] = static_cast<int32_t>(at);
  });
  gather_rows(queue, keys, count, dy, width, positions, accumulate, op.out(4));
}

}  // namespace

const CudaOp kCudaTokenOps[] = {{CLIPA_OP_EMBEDDING, embedding_run},
                                {CLIPA_OP_EMBEDDING_BACKWARD, embedding_backward_run},
                                {CLIPA_OP_PATCHIFY, patchify_run},
                                {CLIPA_OP_ASSEMBLE_TOKENS, assemble_run},
                                {CLIPA_OP_ASSEMBLE_TOKENS_BACKWARD, assemble_backward_run},
                                {}};

}  // namespace clipa
