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

constexpr int kBlockRows = kThreads / 32;  // rows that a block works on at a time, a warp each
constexpr int kMostColumns = 16;           // of a thread, in registers

struct Backward {
  int64_t rows, width;
  const float *dy, *x, *gamma, *mean, *rstd, *acc;
  float* dx;
  bool accumulate;
  float *dgamma, *dbeta;
};

// A block's rows are read once: first by columns, for the sums, then by rows, for dx, which may be
// where dy or acc is. partials[2][blocks, width]: sums over the block's rows for dgamma and dbeta.
template <int kColumns>
__global__ void backward_kernel(Backward d, float* partials) {
  const int64_t first = blockIdx.x * d.rows / gridDim.x;
  const int64_t last = (blockIdx.x + 1) * d.rows / gridDim.x;
  float gammas[kColumns] = {}, betas[kColumns] = {};
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
  }
  for (int i = 0; i < kColumns; ++i) {
    const int64_t column = threadIdx.x + i * kThreads;
    if (column >= d.width) continue;
    partials[blockIdx.x * d.width + column] = gammas[i];
    partials[(int64_t{gridDim.x} + blockIdx.x) * d.width + column] = betas[i];
  }
}

template <int kColumns>
void backward_blocks(const Backward& d, Queue& queue) {
  const int64_t blocks = std::clamp<int64_t>(d.rows / 64, 1, 512);
  float* partials = queue.take(2 * blocks * d.width);
  launch(queue, backward_kernel<kColumns>, dim3(static_cast<unsigned>(blocks)), kThreads, 0, d,
         partials);
  const int64_t width = d.width;
  const bool accumulate = d.accumulate;
  float *dgamma = d.dgamma, *dbeta = d.dbeta;
  each(queue, width, [=] __device__(int64_t column) {
    add_up(column, blocks, width, partials, accumulate, dgamma);
    add_up(column, blocks, width, partials + blocks * width, accumulate, dbeta);
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
}

void backward_run(const Op& op, Queue& queue) {
  const Backward d{op.dims[0], op.dims[1],
                   op.in(0),   op.in(1),
                   op.in(2),   op.in(3),
                   op.in(4),   op.has(5) ? op.in(5) : nullptr,
                   op.out(6),  op.flag(CLIPA_FLAG_ACCUMULATE),
                   op.out(7),  op.out(8)};
  const int64_t columns = (d.width + kThreads - 1) / kThreads;
  if (columns <= 1) return backward_blocks<1>(d, queue);
  if (columns <= 2) return backward_blocks<2>(d, queue);
  if (columns <= 4) return backward_blocks<4>(d, queue);
  if (columns <= 8) return backward_blocks<8>(d, queue);
  if (columns <= kMostColumns) return backward_blocks<kMostColumns>(d, queue);
  backward_wide(d, queue);
}

}  // namespace

const CudaOp kCudaNormOps[] = {
    {CLIPA_OP_LAYER_NORM, forward_run}, {CLIPA_OP_LAYER_NORM_BACKWARD, backward_run}, {}};

}  // namespace clipa
