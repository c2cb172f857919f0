// Layer normalisation.
#include "cuda/launch.h"
#include "cuda/sums.h"
#include "cuda/warp_lanes.h"
#include "lanes/layer_norm_row.h"

namespace clipa {

namespace {

using L = WarpLanes;

void forward_run(const Op& op, Queue& queue) {
  const int64_t width = op.dims[1];
  const float eps = op.scalars[0];
  const float *x = op.in(0), *gamma = op.in(1), *beta = op.in(2);
  float *y = op.out(3), *mean = op.out(4), *rstd = op.out(5);
  rows(queue, op.dims[0], [=] __device__(int64_t row) {
    layer_norm_row<L>(width, eps, x + row * width, gamma, beta, y + row * width, mean + row,
                      rstd + row);
  });
}

// The sums come first: dx may be where dy or acc is.
void backward_run(const Op& op, Queue& queue) {
  const int64_t count = op.dims[0], width = op.dims[1];
  const float *dy = op.in(0), *x = op.in(1), *gamma = op.in(2), *mean = op.in(3), *rstd = op.in(4);
  const float* acc = op.has(5) ? op.in(5) : nullptr;
  float* dx = op.out(6);
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  column_sums(queue, count, width, accumulate, op.out(7),
              [=] __device__(int64_t row, int64_t column) {
                const int64_t at = row * width + column;
                return dy[at] * ((x[at] - mean[row]) * rstd[row]);
              });
  column_sums(queue, count, width, accumulate, op.out(8),
              [=] __device__(int64_t row, int64_t column) { return dy[row * width + column]; });
  rows(queue, count, [=] __device__(int64_t row) {
    const int64_t at = row * width;
    layer_norm_backward_row<L>(width, dy + at, x + at, gamma, mean[row], rstd[row],
                               acc != nullptr ? acc + at : nullptr, dx + at);
  });
}

}  // namespace

const CudaOp kCudaNormOps[] = {
    {CLIPA_OP_LAYER_NORM, forward_run}, {CLIPA_OP_LAYER_NORM_BACKWARD, backward_run}, {}};

}  // namespace clipa
