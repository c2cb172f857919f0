// ShortAttention: queries, keys and values -> mixed values.
#include <cmath>

#include "ort/call.h"
#include "ort/heads.h"
#include "ort/op_schemas.h"

namespace clipa {
namespace ort {

namespace {

void derive(const Attributes& attributes, const Present&, Letters& letters) {
  check_heads("ShortAttention", attributes, letters);
}

}  // namespace

const OpSchema kShortAttention = {
    "ShortAttention",
    {{"qkv", CLIPA_ORT_F32, "B,T,3W"}},
    {"y", CLIPA_ORT_F32, "B,T,W"},
    {{"heads", AttributeKind::kInt, true, 0, {}}, {"causal", AttributeKind::kInt, false, 0, {}}},
    nullptr,
    derive};

float attention_scale(int64_t width, int64_t heads) {
  return static_cast<float>(1 / std::sqrt(static_cast<double>(width / heads)));
}

void short_attention(const Attributes& attributes, Call& call) {
  constexpr int64_t kFloats = 32768;
  const int64_t tokens = call['T'], width = call['W'], heads = attributes.integer("heads");
  const int64_t sample = tokens * width;
  const float scale = attention_scale(width, heads);
  const uint32_t flags = attributes.integer("causal") != 0 ? CLIPA_FLAG_CAUSAL : 0;
  call.for_samples(std::max<int64_t>(1, kFloats / (3 * sample)), [&](int64_t first, int64_t count,
                                                                     Scratch& scratch) {
    return run_op(CLIPA_OP_ATTENTION, flags, {count, tokens, heads, width / heads}, scale,
                  {call.in(0) + first * 3 * sample, call.out() + first * sample,
                   scratch.floats(count * heads * tokens)},
                  scratch);
  });
}

}  // namespace ort
}  // namespace clipa
