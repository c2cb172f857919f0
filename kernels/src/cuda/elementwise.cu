// Element-wise ops, column sums and softmax.
#include "cuda/launch.h"
#include "cuda/sums.h"
#include "cuda/warp_lanes.h"
#include "lanes/activation_lanes.h"
#include "lanes/softmax_row.h"

namespace clipa {

namespace {

using L = WarpLanes;

void fill_run(const Op& op, Queue& queue) {
  float* y = op.out(0);
  const float value = op.scalars[0];
  each(queue, op.dims[0], [=] __device__(int64_t i) { y[i] = value; });
}

void copy_run(const Op& op, Queue& queue) {
  if (queue.planning) return;
  check(cudaMemcpyAsync(op.out(1), op.in(0), sizeof(float) * op.dims[0], cudaMemcpyDeviceToDevice,
                        queue.stream),
        "copy");
}

void add_run(const Op& op, Queue& queue) {
  const float *a = op.in(0), *b = op.in(1);
  float* y = op.out(2);
  const int64_t m = op.dims[1];
  each(queue, op.dims[0], [=] __device__(int64_t i) { y[i] = a[i] + b[m == 1 ? 0 : i % m]; });
}

void mul_run(const Op& op, Queue& queue) {
  const float *a = op.in(0), *b = op.in(1);
  float* y = op.out(2);
  const int64_t m = op.dims[1];
  each(queue, op.dims[0], [=] __device__(int64_t i) { y[i] = a[i] * b[m == 1 ? 0 : i % m]; });
}

void scale_run(const Op& op, Queue& queue) {
  const float* x = op.in(0);
  const float* acc = op.has(1) ? op.in(1) : nullptr;
  float* y = op.out(2);
  const float factor = op.scalars[0];
  each(queue, op.dims[0], [=] __device__(int64_t i) {
    const float scaled = factor * x[i];
    y[i] = acc != nullptr ? scaled + acc[i] : scaled;
  });
}

// --- activations

template <class Activation>
void activate(Queue& queue, int64_t count, const float* x, float* y) {
  each(queue, count, [=] __device__(int64_t i) { y[i] = Activation::template value<L>(x[i]); });
}

template <class Activation>
void activate_backward(Queue& queue, int64_t count, const float* x, const float* dy,
                       const float* acc, float* dx) {
  each(queue, count, [=] __device__(int64_t i) {
    const float d = Activation::template derivative<L>(x[i]) * dy[i];
    dx[i] = acc != nullptr ? d + acc[i] : d;
  });
}

void unary_run(const Op& op, Queue& queue) {
  with_activation(op.activation(), [&](auto act) {
    activate<decltype(act)>(queue, op.dims[0], op.in(0), op.out(1));
  });
}

void unary_backward_run(const Op& op, Queue& queue) {
  with_activation(op.activation(), [&](auto act) {
    activate_backward<decltype(act)>(queue, op.dims[0], op.in(0), op.in(1),
                                     op.has(2) ? op.in(2) : nullptr, op.out(3));
  });
}

void column_sum_run(const Op& op, Queue& queue) {
  const float* x = op.in(0);
  const int64_t width = op.dims[1];
  column_sums(queue, op.dims[0], width, op.flag(CLIPA_FLAG_ACCUMULATE), op.out(1),
              [=] __device__(int64_t row, int64_t column) { return x[row * width + column]; });
}

void softmax_run(const Op& op, Queue& queue) {
  const float* x = op.in(0);
  float* y = op.out(1);
  const int64_t width = op.dims[1];
  rows(queue, op.dims[0],
       [=] __device__(int64_t row) { softmax_row<L>(width, x + row * width, y + row * width); });
}

void softmax_backward_run(const Op& op, Queue& queue) {
  const float *y = op.in(0), *dy = op.in(1);
  const float* acc = op.has(2) ? op.in(2) : nullptr;
  float* dx = op.out(3);
  const int64_t width = op.dims[1];
  rows(queue, op.dims[0], [=] __device__(int64_t row) {
    const int64_t at = row * width;
    softmax_backward_row<L>(width, y + at, dy + at, acc != nullptr ? acc + at : nullptr, dx + at);
  });
}

}  // namespace

const CudaOp kCudaElementwiseOps[] = {{CLIPA_OP_FILL, fill_run},
                                      {CLIPA_OP_COPY, copy_run},
                                      {CLIPA_OP_ADD, add_run},
                                      {CLIPA_OP_MUL, mul_run},
                                      {CLIPA_OP_SCALE, scale_run},
                                      {CLIPA_OP_UNARY, unary_run},
                                      {CLIPA_OP_UNARY_BACKWARD, unary_backward_run},
                                      {CLIPA_OP_COLUMN_SUM, column_sum_run},
                                      {CLIPA_OP_SOFTMAX, softmax_run},
                                      {CLIPA_OP_SOFTMAX_BACKWARD, softmax_backward_run},
                                      {}};

}  // namespace clipa
