// Linear layers: cuBLASLt, with what follows a product fused where it offers that.
#include <cuda_bf16.h>

#include "cuda/launch.h"
#include "cuda/products.h"
#include "cuda/sums.h"
#include "cuda/warp_lanes.h"
#include "lanes/activation_lanes.h"

namespace clipa {

namespace {

using L = WarpLanes;

// cuBLASLt's GELU is the tanh approximation by the hardware's own tanh: good enough beside bfloat16
// inputs, not beside float32.
bool fuses_gelu(const Op& op, const Queue& queue) {
  return queue.bf16 && op.activation() == CLIPA_FLAG_GELU_TANH;
}

template <class Activation>
void activate(Queue& queue, int64_t count, const float* pre, const float* residual, float* y) {
  each(queue, count, [=] __device__(int64_t i) {
    const float value = Activation::template value<L>(pre[i]);
    y[i] = residual != nullptr ? value + residual[i] : value;
  });
}

template <class Activation>
void activation_gradient(Queue& queue, int64_t count, const float* pre, float* dx) {
  each(queue, count,
       [=] __device__(int64_t i) { dx[i] *= Activation::template derivative<L>(pre[i]); });
}

void add_bias(Queue& queue, int64_t count, int64_t n, const float* bias, float* y) {
  each(queue, count, [=] __device__(int64_t i) { y[i] += bias[i % n]; });
}

void linear_run(const Op& op, Queue& queue) {
  const int64_t m = op.dims[0], n = op.dims[1], k = op.dims[2];
  const float* bias = op.has(2) ? op.in(2) : nullptr;
  const float* residual = op.has(3) ? op.in(3) : nullptr;
  float* y = op.out(4);
  const bool active = op.activation() != 0;
  float* product = active ? op.out(5) : y;
  Product p{false, !op.flag(CLIPA_FLAG_IN_OUT), m, n, k, op.in(0), op.in(1), nullptr, product};
  if (fuses_gelu(op, queue) && bias != nullptr && residual == nullptr) {
    Product fused = p;
    fused.d = y;
    fused.after = Product::After::kBiasGelu;
    fused.bias = bias;
    fused.aux = product;
    if (queue.products->multiply(queue, fused)) return;
  }
  if (!active && residual != nullptr) {
    p.c = residual;
    p.beta = 1;
  }
  bool biased = bias == nullptr;
  if (!biased) {
    Product with_bias = p;
    with_bias.after = Product::After::kBias;
    with_bias.bias = bias;
    biased = queue.products->multiply(queue, with_bias);
    if (!biased) {
      queue.products->multiply(queue, p);
      add_bias(queue, m * n, n, bias, product);
    }
  } else {
    queue.products->multiply(queue, p);
  }
  with_activation(op.activation(),
                  [&](auto act) { activate<decltype(act)>(queue, m * n, product, residual, y); });
}

void input_run(const Op& op, Queue& queue) {
  const int64_t m = op.dims[0], n = op.dims[1], k = op.dims[2];
  float* dx = op.out(4);
  Product p{false, op.flag(CLIPA_FLAG_IN_OUT), m, k, n, op.in(0), op.in(1), nullptr, dx};
  if (fuses_gelu(op, queue)) {
    Product fused = p;
    fused.after = Product::After::kGeluGradient;
    fused.aux = static_cast<float*>(op.data[2]);
    if (queue.products->multiply(queue, fused)) return;
  }
  if (op.has(3)) {
    p.c = op.in(3);
    p.beta = 1;
  }
  queue.products->multiply(queue, p);
  with_activation(op.activation(), [&](auto act) {
    activation_gradient<decltype(act)>(queue, m * k, op.in(2), dx);
  });
}

void weight_run(const Op& op, Queue& queue) {
  const int64_t m = op.dims[0], n = op.dims[1], k = op.dims[2];
  const bool in_out = op.flag(CLIPA_FLAG_IN_OUT), accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  const float *dz = op.in(0), *x = op.in(1);
  Product p = in_out ? Product{true, false, k, n, m, x, dz, nullptr, op.out(2)}
                     : Product{true, false, n, k, m, dz, x, nullptr, op.out(2)};
  if (accumulate) {
    p.c = p.d;
    p.beta = 1;
  }
  queue.products->multiply(queue, p);
  if (!op.has(3)) return;
  column_sums(queue, m, n, accumulate, op.out(3),
              [=] __device__(int64_t row, int64_t column) { return dz[row * n + column]; });
}

}  // namespace

void round_to_bf16(Queue& queue, int64_t count, const float* from, void* to) {
  auto* rounded = static_cast<__nv_bfloat16*>(to);
  each(queue, count, [=] __device__(int64_t i) { rounded[i] = __float2bfloat16_rn(from[i]); });
}

const CudaOp kCudaLinearOps[] = {{CLIPA_OP_LINEAR, linear_run},
                                 {CLIPA_OP_LINEAR_BACKWARD_INPUT, input_run},
                                 {CLIPA_OP_LINEAR_BACKWARD_WEIGHT, weight_run},
                                 {}};

}  // namespace clipa
