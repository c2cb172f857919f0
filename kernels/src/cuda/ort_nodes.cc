// The custom ops on CUDA: ops of the training library one after the other on ONNX Runtime's stream,
// so that both forward passes are made of the same kernels. Tensors stay on the device.
#include <algorithm>

#include "base/guard.h"
#include "cuda/ort_rows.h"
#include "cuda/ort_stream.h"
#include "ort/device_ops.h"
#include "ort/node.h"
#include "ort/op_schemas.h"

namespace clipa {
namespace ort {

namespace {

// Rows of a residual block at a time: enough to keep every multiprocessor at work, while the
// workspace does not grow with the batch.
constexpr int64_t kBlockRows = 16384;

// y = act(x w^T + b) + residual, or x w for a weight [in, out].
struct Linear {
  int64_t rows, out, in;
  uint32_t flags;
  const float *x, *weight, *bias, *residual;
  float* y;
};

void linear(Queue& queue, const Linear& l) {
  // The input of an activation is kept nowhere, but needs a place.
  const bool active = (l.flags & CLIPA_FLAG_ACTIVATION) != 0;
  float* pre = active ? queue.take(l.rows * l.out) : nullptr;
  run_op(queue, CLIPA_OP_LINEAR, l.flags, {l.rows, l.out, l.in}, 0,
         {l.x, l.weight, l.bias, l.residual, l.y, pre});
}

template <class Body>
void queue_node(const char* name, DeviceQueue to, Body body) {
  try {
    on_stream(to, body);
  } catch (const StatusError& error) {
    throw OpError(std::string(name) + ": " + error.what());
  }
}

void queue_patch_embed(const Attributes&, const Node& node, DeviceQueue to) {
  using namespace patch_input;  // NOLINT
  const int64_t batch = node['B'], height = node['H'], width = node['W'], patch = node['P'];
  const int64_t kept = node['K'], model = node['D'], cls = node['c'];
  const int64_t columns = 3 * patch * patch;
  if (kept + cls == 0) return;
  const int32_t* index = node.has(kKept) ? node.in<int32_t>(kKept) : nullptr;
  const float* token = node.has(kClassToken) ? node.in(kClassToken) : nullptr;
  queue_node("PatchEmbed", to, [&](Queue& queue) {
    float* embedded = queue.take(batch * kept * model);
    if (kept > 0) {
      // Pixels as they are: mean and standard deviation are in the weight.
      float* plain = queue.take(6);
      float* patches = queue.take(batch * kept * columns);
      run_op(queue, CLIPA_OP_FILL, 0, {3}, 0, {plain});
      run_op(queue, CLIPA_OP_FILL, 0, {3}, 1 / 255.0f, {plain + 3});
      run_op(queue, CLIPA_OP_PATCHIFY, 0, {batch, height, width, patch, kept}, 0,
             {node.in<uint8_t>(kPixels), plain, index, patches});
      linear(queue, {batch * kept, model, columns, 0, patches, node.in(kWeight), node.in(kBias),
                     nullptr, embedded});
    }
    run_op(queue, CLIPA_OP_ASSEMBLE_TOKENS, 0, {batch, kept, model, node['N']}, 0,
           {embedded, token, node.in(kPosition), index, node.out()});
    if (index != nullptr && kept > 0) {
      const int64_t patches = height / patch * (width / patch);
      void_wrong_patches(queue, batch, kept, cls, patches, model, index, node.out());
    }
  });
}

void queue_short_attention(const Attributes& attributes, const Node& node, DeviceQueue to) {
  const int64_t batch = node['B'], tokens = node['T'], width = node['W'];
  const int64_t heads = attributes.integer("heads");
  const uint32_t flags = attributes.integer("causal") != 0 ? CLIPA_FLAG_CAUSAL : 0;
  queue_node("ShortAttention", to, [&](Queue& queue) {
    float* lse = queue.take(batch * heads * tokens);
    run_op(queue, CLIPA_OP_ATTENTION, flags, {batch, tokens, heads, width / heads},
           attention_scale(width, heads), {node.in(0), node.out(), lse});
  });
}

void queue_pool(const Attributes& attributes, const Node& node, DeviceQueue to) {
  using namespace pool_input;  // NOLINT
  const int64_t batch = node['B'], width = node['W'], embed = node['E'];
  const uint32_t flags = attributes.integer("norm_add_eps") != 0 ? CLIPA_FLAG_NORM_ADD_EPS : 0;
  queue_node("PoolProjectNormalize", to, [&](Queue& queue) {
    float* normed = queue.take(batch * width);
    float* features = queue.take(batch * embed);
    float* norms = queue.take(batch);
    pool_norm(queue,
              {batch, node['T'], width, pool_of(attributes), attributes.number("eps"), node.in(kX),
               node.in(kGamma), node.in(kBeta), node.in<int32_t>(kIds), normed});
    linear(queue, {batch, embed, width, CLIPA_FLAG_IN_OUT, normed, node.in(kProjection), nullptr,
                   nullptr, features});
    run_op(queue, CLIPA_OP_L2_NORMALIZE, flags, {batch, embed}, attributes.number("norm_eps"),
           {features, node.out(), norms});
  });
}

// A residual block on whole samples, `rows` rows in all.
void block(Queue& queue, const Attributes& attributes, const Node& node, int64_t samples,
           const float* x, float* y) {
  using namespace block_input;  // NOLINT
  const int64_t tokens = node['T'], width = node['W'], mlp = node['M'], rows = samples * tokens;
  const int64_t heads = attributes.integer("heads");
  const uint32_t causal = attributes.integer("causal") != 0 ? CLIPA_FLAG_CAUSAL : 0;
  const uint32_t gelu = gelu_of(attributes);
  const float eps = attributes.number("eps");
  float* statistics = queue.take(2 * rows);
  float* normed = queue.take(rows * width);
  float* qkv = queue.take(rows * 3 * width);
  float* mixed = queue.take(rows * width);
  float* lse = queue.take(rows * heads);
  float* middle = queue.take(rows * width);
  float* wide = queue.take(rows * mlp);
  const auto norm = [&](const float* from, int gamma, int beta) {
    run_op(queue, CLIPA_OP_LAYER_NORM, 0, {rows, width}, eps,
           {from, node.in(gamma), node.in(beta), normed, statistics, statistics + rows});
  };
  // to = stream + what the layer makes of `from`, scaled where the scale is given; normed is free.
  const auto add = [&](int64_t in, const float* from, int weight, int bias, int scale,
                       const float* stream, float* to) {
    const bool scaled = node.has(scale);
    linear(queue, {rows, width, in, 0, from, node.in(weight), node.in(bias),
                   scaled ? nullptr : stream, scaled ? normed : to});
    if (!scaled) return;
    run_op(queue, CLIPA_OP_MUL, 0, {rows * width, width}, 0, {normed, node.in(scale), to});
    run_op(queue, CLIPA_OP_ADD, 0, {rows * width, rows * width}, 0, {to, stream, to});
  };
  norm(x, kGamma1, kBeta1);
  linear(queue,
         {rows, 3 * width, width, 0, normed, node.in(kWeightQkv), node.in(kBiasQkv), nullptr, qkv});
  run_op(queue, CLIPA_OP_ATTENTION, causal, {samples, tokens, heads, width / heads},
         attention_scale(width, heads), {qkv, mixed, lse});
  add(width, mixed, kWeightOut, kBiasOut, kScale1, x, middle);
  norm(middle, kGamma2, kBeta2);
  linear(queue,
         {rows, mlp, width, gelu, normed, node.in(kWeightFc), node.in(kBiasFc), nullptr, wide});
  add(mlp, wide, kWeightProj, kBiasProj, kScale2, middle, y);
}

void queue_residual_block(const Attributes& attributes, const Node& node, DeviceQueue to) {
  const int64_t batch = node['B'], sample = node['T'] * node['W'];
  const int64_t together = std::max<int64_t>(1, kBlockRows / node['T']);
  for (int64_t first = 0; first < batch; first += together) {
    const int64_t count = std::min(together, batch - first);
    queue_node("ResidualBlock", to, [&](Queue& queue) {
      block(queue, attributes, node, count, node.in(block_input::kX) + first * sample,
            node.out() + first * sample);
    });
  }
}

void queue_token_reduce(const Attributes& attributes, const Node& node, DeviceQueue to) {
  using namespace reduce_input;  // NOLINT
  queue_node("TokenReduce", to, [&](Queue& queue) {
    draw_masks(queue, mask_of(attributes), node['B'], node.in<int64_t>(kSamples),
               node.in<int64_t>(kSeed), node.in<int64_t>(kEpoch), node.out<int32_t>());
  });
}

constexpr char kCuda[] = "CUDAExecutionProvider";

}  // namespace

const OpKernel kDeviceKernels[] = {
    {&kPatchEmbed, kCuda, nullptr, queue_patch_embed},
    {&kShortAttention, kCuda, nullptr, queue_short_attention},
    {&kPoolProjectNormalize, kCuda, nullptr, queue_pool},
    {&kResidualBlock, kCuda, nullptr, queue_residual_block},
    {&kTokenReduce, kCuda, nullptr, queue_token_reduce},
    {nullptr, nullptr, nullptr},
};

// Ids and positions are checked by shape; only kept patches can be wrong.
std::string device_problem(int32_t) { return "PatchEmbed: a patch index lies outside the picture"; }

}  // namespace ort
}  // namespace clipa
