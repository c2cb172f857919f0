// ResidualBlock: a pre-norm transformer block, a few samples at a time through all of it.
#include "cpu/attend.h"
#include "ort/call.h"
#include "ort/heads.h"
#include "ort/op_schemas.h"
#include "ort/threads_of_run.h"

namespace clipa {
namespace ort {

namespace {

using namespace block_input;  // NOLINT

void derive(const Attributes& attributes, const Present&, Letters& letters) {
  check_heads("ResidualBlock", attributes, letters);
  if (letters['M'] == 0) throw OpError("ResidualBlock: weight_fc has no rows");
}

constexpr int64_t kRows = 128;  // their activations stay in the second-level cache

// The block on some of its rows, the tokens of one sample after the other.
class Block {
 public:
  Block(const Attributes& attributes, const Call& call)
      : call_(call),
        tokens_(call['T']),
        width_(call['W']),
        mlp_(call['M']),
        eps_(attributes.number("eps")),
        gelu_(gelu_of(attributes)) {
    const int64_t heads = attributes.integer("heads"), head = width_ / heads;
    shape_ = {tokens_, heads, head, attention_scale(width_, heads),
              attributes.integer("causal") != 0};
  }

  // qkv[last - first, 3 width] of the rows first..last.
  void project(int64_t first, int64_t last, float* qkv, Scratch& scratch) const {
    const int64_t rows = last - first;
    float* normed = scratch.floats(rows * width_);
    norm(rows, call_.in(kX) + first * width_, kGamma1, kBeta1, normed, scratch);
    linear(rows, 0, normed, kWeightQkv, kBiasQkv, nullptr, qkv);
  }

  // All that follows, for the rows first..last. qkv begins with row `start`, the first of a sample,
  // and holds the samples of all these rows.
  void finish(int64_t first, int64_t last, const float* qkv, int64_t start,
              Scratch& scratch) const {
    const int64_t rows = last - first;
    float* mixed = scratch.floats(rows * width_);
    char* work = static_cast<char*>(scratch.bytes(attend_scratch(shape_)));
    for (int64_t row = first; row < last;) {
      const int64_t sample = row / tokens_ * tokens_;
      const int64_t end = std::min(last, sample + tokens_);
      attend(shape_, qkv + (sample - start) * 3 * width_, row - sample, end - sample,
             mixed + (row - first) * width_, work);
      row = end;
    }
    float* middle = scratch.floats(rows * width_);
    float* normed = scratch.floats(rows * width_);
    float* wide = scratch.floats(rows * mlp_);
    add(rows, mixed, kWeightOut, kBiasOut, kScale1, call_.in(kX) + first * width_, middle);
    norm(rows, middle, kGamma2, kBeta2, normed, scratch);
    linear(rows, gelu_, normed, kWeightFc, kBiasFc, nullptr, wide);
    add(rows, wide, kWeightProj, kBiasProj, kScale2, middle, call_.out() + first * width_);
  }

 private:
  void norm(int64_t rows, const float* from, int gamma, int beta, float* to,
            Scratch& scratch) const {
    float* statistics = scratch.floats(2 * rows);
    run_op(CLIPA_OP_LAYER_NORM, 0, {rows, width_}, eps_,
           {from, call_.in(gamma), call_.in(beta), to, statistics, statistics + rows}, scratch);
  }

  void linear(int64_t rows, uint32_t activation, const float* from, int weight, int bias,
              const float* residual, float* to) const {
    packed_linear(call_.weight(weight), rows, from, activation, call_.in(bias), residual, to);
  }

  // to = stream + what the layer makes of `from`, scaled where the scale is given.
  void add(int64_t rows, const float* from, int weight, int bias, int scale, const float* stream,
           float* to) const {
    if (!call_.has(scale)) return linear(rows, 0, from, weight, bias, stream, to);
    linear(rows, 0, from, weight, bias, nullptr, to);
    for (int64_t row = 0; row < rows; ++row) {
      const float* add = stream + row * width_;
      float* out = to + row * width_;
      const float* factors = call_.in(scale);
      for (int64_t i = 0; i < width_; ++i) out[i] = add[i] + factors[i] * out[i];
    }
  }

  const Call& call_;
  const int64_t tokens_, width_, mlp_;
  const float eps_;
  const uint32_t gelu_;
  AttentionShape shape_;
};

// Into how many pieces few rows are cut, across samples, when whole samples would leave threads
// without work; 0 when they would not. Every piece reads all weights, so it must be worth that.
int64_t row_pieces(int64_t sample_pieces, int64_t rows, int64_t threads) {
  constexpr int64_t kFewestRows = 12, kRounds = 4;
  if (sample_pieces % threads == 0 || sample_pieces > kRounds * threads) return 0;
  const int64_t rounds = (rows + threads * kRows - 1) / (threads * kRows);
  const int64_t pieces = std::min(rounds * threads, rows / kFewestRows);
  return pieces > 1 ? pieces : 0;
}

}  // namespace

uint32_t gelu_of(const Attributes& attributes) {
  const std::string& name = attributes.string("gelu");
  if (name == "tanh") return CLIPA_FLAG_GELU_TANH;
  return name == "quick" ? CLIPA_FLAG_GELU_QUICK : CLIPA_FLAG_GELU_ERF;
}

const OpSchema kResidualBlock = {
    "ResidualBlock",
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
     {"bias_proj", CLIPA_ORT_F32, "W"},
     {"scale_1", CLIPA_ORT_F32, "W", true},
     {"scale_2", CLIPA_ORT_F32, "W", true}},
    {"y", CLIPA_ORT_F32, "B,T,W"},
    {{"heads", AttributeKind::kInt, true, 0, {}},
     {"causal", AttributeKind::kInt, false, 0, {}},
     {"gelu", AttributeKind::kString, true, 0, {"erf", "tanh", "quick"}},
     {"eps", AttributeKind::kFloat, false, 1e-6, {}}},
    nullptr,
    derive};

void residual_block(const Attributes& attributes, Call& call) {
  const Block block(attributes, call);
  const int64_t batch = call['B'], tokens = call['T'], rows = batch * tokens;
  const int64_t qkv_floats = 3 * call['W'];
  const int64_t together = std::max<int64_t>(1, kRows / tokens);
  const int64_t pieces =
      row_pieces((batch + together - 1) / together, rows, ThreadsOfRun::current());
  if (pieces == 0) {
    call.for_samples(together, [&](int64_t first, int64_t count, Scratch& scratch) -> const char* {
      const int64_t start = first * tokens, end = start + count * tokens;
      float* qkv = scratch.floats((end - start) * qkv_floats);
      block.project(start, end, qkv, scratch);
      block.finish(start, end, qkv, start, scratch);
      return nullptr;
    });
    return;
  }
  // Attention needs the keys of a whole sample, so all rows pass the first product before any goes
  // on.
  Scratch& shared = Scratch::of_call();
  shared.clear();
  float* qkv = shared.floats(rows * qkv_floats);
  call.for_each(pieces, [&](int64_t piece, Scratch& scratch) -> const char* {
    const int64_t first = piece * rows / pieces;
    block.project(first, (piece + 1) * rows / pieces, qkv + first * qkv_floats, scratch);
    return nullptr;
  });
  call.for_each(pieces, [&](int64_t piece, Scratch& scratch) -> const char* {
    block.finish(piece * rows / pieces, (piece + 1) * rows / pieces, qkv, 0, scratch);
    return nullptr;
  });
}

}  // namespace ort
}  // namespace clipa
