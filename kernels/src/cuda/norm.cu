// Layer normalisation, alone and of a sum with the residual stream.
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

void residual_run(const Op& op, Queue& queue) {
  const int64_t count = op.dims[0], width = op.dims[1];
  const float eps = op.scalars[0];
  const float *x = op.in(0), *branch = op.in(1), *factor = op.has(2) ? op.in(2) : nullptr;
  const float *gamma = op.in(3), *beta = op.in(4);
  float *sum = op.out(5), *y = op.out(6), *mean = op.out(7), *rstd = mean + count;
  rows(queue, count, [=] __device__(int64_t row) {
    const int64_t at = row * width;
    residual_layer_norm_row<L>(width, eps, x + at, branch + at, factor, gamma, beta, sum + at,
                               y + at, mean + row, rstd + row);
  });
}

constexpr int kBlockRows = kThreads / 32;  // rows that a block works on at a time, a warp each
constexpr int kMostColumns = 16;           // of a thread, in registers

struct Backward {
  int64_t rows, width;
  const float *dy, *x, *gamma, *mean, *rstd, *acc;
  float* dx;
  bool accumulate;
  float *dgamma, *dbeta;
  // Of x + factor branch; null where x is no such sum.
  const float *branch, *factor;
  float *dbranch, *dfactor;
};

// A block's rows are read once: first by columns, for the sums, then by rows, for dx, which may be
// where dy or acc is; with factors by columns again. partials[2 or 3][blocks, width]: sums over the
// block's rows for dgamma, dbeta and dfactor.
template <int kColumns, bool kScaled>
__global__ void backward_kernel(Backward d, float* partials) {
  const int64_t first = blockIdx.x * d.rows / gridDim.x;
  const int64_t last = (blockIdx.x + 1) * d.rows / gridDim.x;
  float gammas[kColumns] = {}, betas[kColumns] = {}, factors[kScaled ? kColumns : 1] = {};
  for (int64_t start = first; start < last; start += kBlockRows) {
    const int64_t end = start + kBlockRows < last ? start + kBlockRows : last;
    for (int64_t row = start; row < end; ++row) {
      const float mean = d.mean[row], rstd = d.rstd[row];
      for (int i = 0; i < kColumns; ++i) {
        const int64_t column = threadIdx.x + i * kThreads;
        if (column >= d.width) continue;
        const float gradient = d.dy[row * d.width + column];
        gammas[i] += gradient * ((d.x[row * d.width + column] - mean) * rstd);
        betas[i] += gradient;
      }
    }
    __syncthreads();
    const int64_t row = start + threadIdx.x / 32;
    if (row < end) {
      const int64_t at = row * d.width;
      layer_norm_backward_row<L>(d.width, d.dy + at, d.x + at, d.gamma, d.mean[row], d.rstd[row],
                                 d.acc != nullptr ? d.acc + at : nullptr, d.dx + at);
    }
    if constexpr (kScaled) {
      __syncthreads();
      for (int64_t of = start; of < end; ++of) {
        for (int i = 0; i < kColumns; ++i) {
          const int64_t column = threadIdx.x + i * kThreads;
          if (column >= d.width) continue;
          const int64_t at = of * d.width + column;
          const float gradient = d.dx[at];
          factors[i] += gradient * d.branch[at];
          d.dbranch[at] = gradient * d.factor[column];
        }
      }
    }
  }
  for (int i = 0; i < kColumns; ++i) {
    const int64_t column = threadIdx.x + i * kThreads;
    if (column >= d.width) continue;
    const int64_t stride = int64_t{gridDim.x} * d.width;
    float* sums = partials + blockIdx.x * d.width + column;
    sums[0] = gammas[i];
    sums[stride] = betas[i];
    if constexpr (kScaled) sums[2 * stride] = factors[i];
  }
}

template <int kColumns, bool kScaled>
void backward_blocks(const Backward& d, Queue& queue) {
  const int64_t blocks = std::clamp<int64_t>(d.rows / 64, 1, 512);
  float* partials = queue.take((kScaled ? 3 : 2) * blocks * d.width);
  launch(queue, backward_kernel<kColumns, kScaled>, dim3(static_cast<unsigned>(blocks)), kThreads,
         0, d, partials);
  const int64_t width = d.width;
  const bool accumulate = d.accumulate;
  float *dgamma = d.dgamma, *dbeta = d.dbeta, *dfactor = kScaled ? d.dfactor : nullptr;
  each(queue, width, [=] __device__(int64_t column) {
    add_up(column, blocks, width, partials, accumulate, dgamma);
    add_up(column, blocks, width, partials + blocks * width, accumulate, dbeta);
    if (dfactor != nullptr) {
      add_up(column, blocks, width, partials + 2 * blocks * width, accumulate, dfactor);
    }
  });
}

// For rows that do not fit the registers of a block.
void backward_wide(const Backward& d, Queue& queue) {
  const int64_t width = d.width;
  const float *dy = d.dy, *x = d.x, *mean = d.mean, *rstd = d.rstd;
  column_sums(queue, d.rows, width, d.accumulate, d.dgamma,
              [=] __device__(int64_t row, int64_t column) {
                const int64_t at = row * width + column;
                return dy[at] * ((x[at] - mean[row]) * rstd[row]);
              });
  column_sums(queue, d.rows, width, d.accumulate, d.dbeta,
              [=] __device__(int64_t row, int64_t column) { return dy[row * width + column]; });
  rows(queue, d.rows, [=] __device__(int64_t row) {
    const int64_t at = row * width;
    layer_norm_backward_row<L>(width, d.dy + at, d.x + at, d.gamma, d.mean[row], d.rstd[row],
                               d.acc != nullptr ? d.acc + at : nullptr, d.dx + at);
  });
  if (d.factor == nullptr) return;
  const float *dx = d.dx, *branch = d.branch, *factor = d.factor;
  column_sums(queue, d.rows, width, d.accumulate, d.dfactor,
              [=] __device__(int64_t row, int64_t column) {
                return dx[row * width + column] * branch[row * width + column];
              });
  float* dbranch = d.dbranch;
  each(queue, d.rows * width,
       [=] __device__(int64_t i) { dbranch[i] = dx[i] * factor[i % width]; });
}

template <bool kScaled>
void backward(const Backward& d, Queue& queue) {
  const int64_t columns = (d.width + kThreads - 1) / kThreads;
  if (columns <= 1) return backward_blocks<1, kScaled>(d, queue);
  if (columns <= 2) return backward_blocks<2, kScaled>(d, queue);
  if (columns <= 4) return backward_blocks<4, kScaled>(d, queue);
  if (columns <= 8) return backward_blocks<8, kScaled>(d, queue);
  if (columns <= kMostColumns) return backward_blocks<kMostColumns, kScaled>(d, queue);
  backward_wide(d, queue);
}

void backward_run(const Op& op, Queue& queue) {
  Backward d = {};
  d.rows = op.dims[0];
  d.width = op.dims[1];
  d.dy = op.in(0);
  d.x = op.in(1);
  d.gamma = op.in(2);
  d.mean = op.in(3);
  d.rstd = op.in(4);
  d.acc = op.has(5) ? op.in(5) : nullptr;
  d.dx = op.out(6);
  d.accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  d.dgamma = op.out(7);
  d.dbeta = op.out(8);
  backward<false>(d, queue);
}

void residual_backward_run(const Op& op, Queue& queue) {
  Backward d = {};
  d.rows = op.dims[0];
  d.width = op.dims[1];
  d.dy = op.in(0);
  d.x = op.in(1);
  d.gamma = op.in(2);
  d.mean = op.in(3);
  d.rstd = d.mean + d.rows;
  d.acc = op.has(4) ? op.in(4) : nullptr;
  d.dx = op.out(7);
  d.accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  d.dgamma = op.out(8);
  d.dbeta = op.out(9);
  if (!op.has(6)) return backward<false>(d, queue);
  d.branch = op.in(5);
  d.factor = op.in(6);
  d.dbranch = op.out(10);
  d.dfactor = op.out(11);
  backward<true>(d, queue);
}

}  // namespace

const CudaOp kCudaNormOps[] = {{CLIPA_OP_LAYER_NORM, forward_run},
                               {CLIPA_OP_LAYER_NORM_BACKWARD, backward_run},
                               {CLIPA_OP_RESIDUAL_LAYER_NORM, residual_run},
                               {CLIPA_OP_RESIDUAL_LAYER_NORM_BACKWARD, residual_backward_run},
                               {}};

}  // namespace clipa
