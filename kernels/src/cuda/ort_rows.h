// Kernels that only nodes of ONNX Runtime need.
#pragma once

#include "cuda/queue.h"
#include "ort/patch_masks.h"

namespace clipa {

// The tokens of patches that lie outside the picture become not-a-number, so that nobody takes them
// for values: a session that is not ours has no other way to see it. index[batch, kept];
// tokens[batch, kept + cls, width].
void void_wrong_patches(Queue& queue, int64_t batch, int64_t kept, int64_t cls, int64_t patches,
                        int64_t width, const int32_t* index, float* tokens);

// Pooling and layer normalisation of what comes out: x[batch, tokens, width], ids[batch, tokens]
// for CLIPA_POOL_ARGMAX -> y[batch, width].
struct PoolNorm {
  int64_t batch, tokens, width, pool;
  float eps;
  const float *x, *gamma, *beta;
  const int32_t* ids;
  float* y;
};
void pool_norm(Queue& queue, const PoolNorm& pool);

// The kept patches of every sample, [batch, mask.keep]; seed[1] and epoch[1] lie on the device.
void draw_masks(Queue& queue, const ort::Mask& mask, int64_t batch, const int64_t* samples,
                const int64_t* seed, const int64_t* epoch, int32_t* kept);

}  // namespace clipa
