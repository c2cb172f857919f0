// Attention forward for some of a sample's queries, for callers that share a sample among threads.
#pragma once

#include <cstdint>

namespace clipa {

struct AttentionShape {
  int64_t tokens, heads, head;
  float scale;
  bool causal;
};

// Bytes of scratch that attend() wants, 64-byte aligned.
uint64_t attend_scratch(const AttentionShape& shape);

// y[last - first, heads * head] = mixed values of the queries first..last of a sample, from its
// qkv[tokens, 3 * heads * head]. A query's bits do not depend on which others go with it.
void attend(const AttentionShape& shape, const float* qkv, int64_t first, int64_t last, float* y,
            char* scratch);

}  // namespace clipa
