// The schemas of our ops; one file each says what they are and computes them on the CPU.
#pragma once

#include "ort/op_schema.h"

namespace clipa {
namespace ort {

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

}  // namespace ort
}  // namespace clipa
