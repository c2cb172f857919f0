// The schemas of our ops; one file each says what they are and computes them on the CPU. A device
// computes the same from the same schemas (device_ops.h).
#pragma once

#include "ort/op_schema.h"
#include "ort/patch_masks.h"

namespace clipa {
namespace ort {

// Inputs by their places.
namespace patch_input {
enum { kPixels, kWeight, kBias, kClassToken, kPosition, kKept };
}
namespace pool_input {
enum { kX, kGamma, kBeta, kProjection, kIds };
}
namespace reduce_input {
enum { kSamples, kSeed, kEpoch };
}
namespace block_input {
enum {
  kX,
  kGamma1,
  kBeta1,
  kWeightQkv,
  kBiasQkv,
  kWeightOut,
  kBiasOut,
  kGamma2,
  kBeta2,
  kWeightFc,
  kBiasFc,
  kWeightProj,
  kBiasProj,
  kScale1,
  kScale2
};
}

extern const OpSchema kPatchEmbed;
extern const OpSchema kShortAttention;
extern const OpSchema kPoolProjectNormalize;
extern const OpSchema kResidualBlock;
extern const OpSchema kTokenReduce;

void patch_embed(const Attributes& attributes, Call& call);
void short_attention(const Attributes& attributes, Call& call);
void pool_project_normalize(const Attributes& attributes, Call& call);
void residual_block(const Attributes& attributes, Call& call);
void token_reduce(const Attributes& attributes, Call& call);

// What the kernels of every device read from the attributes.
Mask mask_of(const Attributes& attributes);      // of TokenReduce
int64_t pool_of(const Attributes& attributes);   // of PoolProjectNormalize: a clipa_pool
uint32_t gelu_of(const Attributes& attributes);  // of ResidualBlock: a flag
float attention_scale(int64_t width, int64_t heads);

}  // namespace ort
}  // namespace clipa
