// ResidualBlock: a pre-norm transformer block, a few samples at a time through all of it.
#include <cmath>

#include "ort/call.h"
#include "ort/heads.h"
#include "ort/op_schemas.h"

namespace clipa {
namespace ort {

namespace {

enum Input {
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
  kBiasProj
};

void derive(const Attributes& attributes, const Present&, Letters& letters) {
  check_heads("ResidualBlock", attributes, letters);
  if (letters['M'] == 0) throw OpError("ResidualBlock: weight_fc has no rows");
}

}  // namespace

const OpSchema kResidualBlock = {"ResidualBlock",
                                 {{"x", CLIPA_ORT_F32, "B,T,W"},
                                  {"gamma_1", CLIPA_ORT_F32, "W"},
                                  {"beta_1", CLIPA_ORT_F32, "W"},
                                  {"weight_qkv", CLIPA_ORT_F32, "3W,W", false, Packing::kOutIn},
                                  {"bias_qkv", CLIPA_ORT_F32, "3W"},
                                  {"weight_out", CLIPA_ORT_F32, "W,W", false, Packing::kOutIn},
                                  {"bias_out", CLIPA_ORT_F32, "W"},
                                  {"gamma_2", CLIPA_ORT_F32, "W"},
                                  {"beta_2", CLIPA_ORT_F32, "W"},
                                  {"weight_fc", CLIPA_ORT_F32, "M,W", false, Packing::kOutIn},
                                  {"bias_fc", CLIPA_ORT_F32, "M"},
                                  {"weight_proj", CLIPA_ORT_F32, "W,M", false, Packing::kOutIn},
                                  {"bias_proj", CLIPA_ORT_F32, "W"}},
                                 {"y", CLIPA_ORT_F32, "B,T,W"},
                                 {{"heads", AttributeKind::kInt, true, 0, {}},
                                  {"causal", AttributeKind::kInt, false, 0, {}},
                                  {"gelu", AttributeKind::kString, true, 0, {"erf", "tanh"}},
                                  {"eps", AttributeKind::kFloat, false, 1e-6, {}}},
                                 nullptr,
                                 derive};

void residual_block(const Attributes& attributes, Call& call) {
  constexpr int64_t kRows = 128;  // their activations stay in the second-level cache
  const int64_t tokens = call['T'], width = call['W'], mlp = call['M'];
  const int64_t heads = attributes.integer("heads");
  const float eps = attributes.number("eps");
  const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width / heads)));
  const uint32_t causal = attributes.integer("causal") != 0 ? CLIPA_FLAG_CAUSAL : 0;
  const uint32_t gelu =
      attributes.string("gelu") == "tanh" ? CLIPA_FLAG_GELU_TANH : CLIPA_FLAG_GELU_ERF;
  call.for_samples(
      std::max<int64_t>(1, kRows / tokens),
      [&](int64_t first, int64_t count, Scratch& scratch) -> const char* {
        const int64_t rows = count * tokens;
        const float* x = call.in(kX) + first * tokens * width;
        float* y = call.out() + first * tokens * width;
        float* normed = scratch.floats(rows * width);
        float* wide = scratch.floats(rows * std::max(3 * width, mlp));
        float* mixed = scratch.floats(rows * width);
        float* middle = scratch.floats(rows * width);
        float* statistics = scratch.floats(std::max<int64_t>(2, heads) * rows);
        const auto norm = [&](const float* from, Input gamma, Input beta) {
          run_op(CLIPA_OP_LAYER_NORM, 0, {rows, width}, eps,
                 {from, call.in(gamma), call.in(beta), normed, statistics, statistics + rows},
                 scratch);
        };
        const auto linear = [&](uint32_t activation, const float* from, Input weight, Input bias,
                                const float* residual, float* to) {
          packed_linear(call.weight(weight), rows, from, activation, call.in(bias), residual, to);
        };
        norm(x, kGamma1, kBeta1);
        linear(0, normed, kWeightQkv, kBiasQkv, nullptr, wide);
        if (const char* problem =
                run_op(CLIPA_OP_ATTENTION, causal, {count, tokens, heads, width / heads}, scale,
                       {wide, mixed, statistics}, scratch)) {
          return problem;
        }
        linear(0, mixed, kWeightOut, kBiasOut, x, middle);
        norm(middle, kGamma2, kBeta2);
        linear(gelu, normed, kWeightFc, kBiasFc, nullptr, wide);
        linear(0, wide, kWeightProj, kBiasProj, middle, y);
        return nullptr;
      });
}

}  // namespace ort
}  // namespace clipa
