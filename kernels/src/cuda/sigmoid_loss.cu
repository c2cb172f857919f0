// The sigmoid loss of SigLIP in chunks, as on the CPU:
//   l(i, j) = e^s x_i y_j + b;  loss = 1/N sum_ij log(1 + e^(-z l)), z = 1 for a pair, else -1.
#include "cuda/launch.h"
#include "cuda/pair_logits.h"
#include "cuda/sums.h"
#include "cuda/warp_lanes.h"
#include "lanes/softplus_row.h"

namespace clipa {

namespace {

using L = WarpLanes;

struct RowState {
  double loss;
  float partner;
  int32_t rivals;
};

// Takes a block of logits in; the one with the rows' own partners comes first.
void absorb(Queue& queue, const float* z, const float* logit_scale, const float* logit_bias,
            int64_t count, int64_t columns, bool own, RowState* states) {
  rows(queue, count, [=] __device__(int64_t r) {
    const float scale = expf(*logit_scale), bias = *logit_bias;
    const float* row = z + r * columns;
    const float partner = own ? row[r] * scale + bias : states[r].partner;
    float loss = 0, rivals = 0;
    for (int64_t j = L::lane(); j < columns; j += 32) {
      const float logit = row[j] * scale + bias;
      loss += lane_softplus<L>(logit);
      // Written so that a NaN counts as a rival: a broken row is no hit.
      rivals += !(own && j == r) && !(logit < partner) ? 1.0f : 0.0f;
    }
    const double sum = L::reduce_sum(loss);
    const int32_t rival = L::reduce_max(rivals) > 0 ? 1 : 0;
    if (L::lane() != 0) return;
    // log(1 + e^-l) = log(1 + e^l) - l for the pair itself.
    states[r].loss = own ? sum - partner : states[r].loss + sum;
    states[r].rivals = own ? rival : states[r].rivals + rival;
    states[r].partner = partner;
  });
}

void forward_run(const Op& op, Queue& queue) {
  const PairDims d(op);
  float* z = queue.take(d.block());
  RowState* states = queue.take<RowState>(d.local);
  for (int side = 0; side < 2; ++side) {
    const float *a = op.in(side), *b = op.in(1 - side);
    each_local_block(d, [&](int64_t first, int64_t count, int64_t column, int64_t columns) {
      const bool own = column == d.offset + first;
      pair_logits(queue, d, a, d.offset + first, count, b, column, columns, z);
      absorb(queue, z, op.in(2), op.in(3), count, columns, own, states + first);
    });
    float* hits = op.out(5) + side;
    total(
        queue, d.local, [=] __device__(int64_t r) { return states[r].rivals == 0 ? 1 : 0; },
        [=] __device__(double sum) { *hits = static_cast<float>(sum); });
    if (side == 1) continue;  // image rows hold the whole loss
    float* loss = op.out(4);
    const double pairs = static_cast<double>(d.total);
    total(
        queue, d.local, [=] __device__(int64_t r) { return states[r].loss; },
        [=] __device__(double sum) { *loss = static_cast<float>(sum / pairs); });
  }
}

// --- backward: d loss / d l(i, j) = (sigmoid(l) - [i = j]) / N, for local image rows i.

struct Sums {
  double scale, bias;
};

// Turns logits into their gradient times the scale; adds to the sums of the row where they are
// kept.
void logit_gradient(Queue& queue, const Op& op, const PairDims& d, int64_t first, int64_t count,
                    int64_t column, int64_t columns, float* z, Sums* sums) {
  const float weight = op.scalars[0] / static_cast<float>(d.total);
  const float *logit_scale = op.in(2), *logit_bias = op.in(3);
  rows(queue, count, [=] __device__(int64_t r) {
    const float scale = expf(*logit_scale), bias = *logit_bias;
    float* row = z + r * columns;
    const int64_t pair = first + r - column;
    float scale_sum = 0, bias_sum = 0;
    for (int64_t j = L::lane(); j < columns; j += 32) {
      const float product = row[j] * scale, logit = product + bias;
      // sigmoid(l) - 1 = -1 / (1 + e^l), without cancellation.
      const float gradient =
          j == pair ? -weight / (1.0f + lane_exp<L>(logit)) : weight / (1.0f + lane_exp<L>(-logit));
      scale_sum += gradient * product;
      bias_sum += gradient;
      row[j] = gradient * scale;
    }
    const double scale_total = L::reduce_sum(scale_sum), bias_total = L::reduce_sum(bias_sum);
    if (L::lane() != 0 || sums == nullptr) return;
    sums[r].scale += scale_total;
    sums[r].bias += bias_total;
  });
}

void backward_run(const Op& op, Queue& queue) {
  const PairDims d(op);
  float* z = queue.take(d.block());
  Sums* sums = queue.take<Sums>(d.local);
  each(queue, d.local, [=] __device__(int64_t r) { sums[r] = Sums{0, 0}; });
  for (int side = 0; side < 2; ++side) {
    const float* other = op.in(1 - side);
    float* out = op.out(4 + side);
    each(queue, d.total * d.width, [=] __device__(int64_t i) { out[i] = 0; });
    // Image rows of other ranks have no part in this rank's loss; text rows meet local columns
    // only.
    const int64_t begin = side == 1 ? 0 : d.offset, end = side == 1 ? d.total : d.offset + d.local;
    const int64_t from = side == 0 ? 0 : d.offset, to = side == 0 ? d.total : d.offset + d.local;
    for (int64_t first = begin; first < end; first += kPairRows) {
      const int64_t count = std::min(kPairRows, end - first);
      for (int64_t column = from; column < to; column += kPairColumns) {
        const int64_t columns = std::min(kPairColumns, to - column);
        pair_logits(queue, d, op.in(side), first, count, other, column, columns, z);
        logit_gradient(queue, op, d, first, count, column, columns, z,
                       side == 0 ? sums + (first - d.offset) : nullptr);
        float* rows_out = out + first * d.width;
        Product product{false,    false,   count, d.width, columns, z, other + column * d.width,
                        rows_out, rows_out};
        product.beta = 1;
        queue.products->multiply(queue, product);
      }
    }
  }
  const bool add = op.flag(CLIPA_FLAG_ACCUMULATE);
  float *dscale = op.out(6), *dbias = op.out(7);
  total(
      queue, d.local, [=] __device__(int64_t r) { return sums[r].scale; },
      [=] __device__(double sum) { *dscale = static_cast<float>(add ? *dscale + sum : sum); });
  total(
      queue, d.local, [=] __device__(int64_t r) { return sums[r].bias; },
      [=] __device__(double sum) { *dbias = static_cast<float>(add ? *dbias + sum : sum); });
}

}  // namespace

const CudaOp kCudaSigmoidLossOps[] = {
    {CLIPA_OP_SIGMOID_LOSS, forward_run}, {CLIPA_OP_SIGMOID_LOSS_BACKWARD, backward_run}, {}};

}  // namespace clipa
