// PoolProjectNormalize: sequences -> unit vectors.
#include <cstring>

#include "ort/call.h"
#include "ort/op_schemas.h"

namespace clipa {
namespace ort {

namespace {

using namespace pool_input;  // NOLINT

const char* const kPools[] = {"cls", "mean", "mean-patches", "last", "argmax"};  // as clipa_pool

void derive(const Attributes& attributes, const Present& present, Letters& letters) {
  const int64_t pool = pool_of(attributes);
  if (pool == CLIPA_POOL_ARGMAX && !present[kIds]) {
    throw OpError("PoolProjectNormalize: pool argmax needs the input ids");
  }
  const int64_t least = pool == CLIPA_POOL_MEAN_PATCHES ? 2 : 1;
  if (letters.known('T') && letters['T'] < least) {
    throw OpError("PoolProjectNormalize: there are " + std::to_string(letters['T']) +
                  " tokens; pool " + kPools[pool] + " needs " + std::to_string(least));
  }
  if (letters['W'] == 0 || letters['E'] == 0) {
    throw OpError("PoolProjectNormalize: the projection has no rows or no columns");
  }
}

}  // namespace

int64_t pool_of(const Attributes& attributes) {
  int64_t pool = 0;
  while (attributes.string("pool") != kPools[pool]) ++pool;
  return pool;
}

const OpSchema kPoolProjectNormalize = {
    "PoolProjectNormalize",
    {{"x", CLIPA_ORT_F32, "B,T,W"},
     {"gamma", CLIPA_ORT_F32, "W"},
     {"beta", CLIPA_ORT_F32, "W"},
     {"projection", CLIPA_ORT_F32, "W,E", false, Packing::kInOut},
     {"ids", CLIPA_ORT_I32, "B,T", true}},
    {"y", CLIPA_ORT_F32, "B,E"},
    {{"pool",
      AttributeKind::kString,
      true,
      0,
      {kPools[0], kPools[1], kPools[2], kPools[3], kPools[4]}},
     {"eps", AttributeKind::kFloat, false, 1e-6, {}},
     {"norm_eps", AttributeKind::kFloat, false, 0, {}},
     {"norm_add_eps", AttributeKind::kInt, false, 0, {}}},
    nullptr,
    derive};

void pool_project_normalize(const Attributes& attributes, Call& call) {
  constexpr int64_t kSamples = 32;
  const int64_t tokens = call['T'], width = call['W'], embed = call['E'];
  const int64_t pool = pool_of(attributes);
  const uint32_t flags = attributes.integer("norm_add_eps") != 0 ? CLIPA_FLAG_NORM_ADD_EPS : 0;
  const float eps = attributes.number("eps"), norm_eps = attributes.number("norm_eps");
  call.for_samples(kSamples, [&](int64_t first, int64_t count, Scratch& scratch) -> const char* {
    const int32_t* ids = call.has(kIds) ? call.in<int32_t>(kIds) + first * tokens : nullptr;
    float* pooled = scratch.floats(count * width);
    float* normed = scratch.floats(count * width);
    float* features = scratch.floats(count * embed);
    float* statistics = scratch.floats(2 * count);
    const char* problem = run_op(CLIPA_OP_POOL, 0, {count, tokens, width, pool}, 0,
                                 {call.in(kX) + first * tokens * width, ids, pooled}, scratch);
    if (problem != nullptr) return problem;
    run_op(CLIPA_OP_LAYER_NORM, 0, {count, width}, eps,
           {pooled, call.in(kGamma), call.in(kBeta), normed, statistics, statistics + count},
           scratch);
    packed_linear(call.weight(kProjection), count, normed, 0, nullptr, nullptr, features);
    return run_op(CLIPA_OP_L2_NORMALIZE, flags, {count, embed}, norm_eps,
                  {features, call.out() + first * embed, statistics}, scratch);
  });
}

}  // namespace ort
}  // namespace clipa
