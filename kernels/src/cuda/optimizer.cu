// Gradient norm, AdamW with its update clipping, weight average and clamp; all obey the step block,
// which they read on the device: a step that is skipped is skipped without asking the host.
#include <cfloat>

#include "cuda/launch.h"
#include "cuda/sums.h"
#include "lanes/judge_step.h"

namespace clipa {

namespace {

constexpr int64_t kChunk = 16384;  // values summed by one block

__global__ void squares_kernel(const float* g, int64_t count, double* sums) {
  SharedMemory memory;
  Shared<double> shared = memory.take<double>(kThreads);
  const int64_t first = blockIdx.x * kChunk;
  const int64_t last = first + kChunk < count ? first + kChunk : count;
  double sum = 0;
  for (int64_t i = first + threadIdx.x; i < last; i += kThreads) sum += double{g[i]} * double{g[i]};
  shared[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) shared[threadIdx.x] += shared[threadIdx.x + half];
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = shared[0];
}

void norm_run(const Op& op, Queue& queue) {
  const int64_t chunks = (op.dims[0] + kChunk - 1) / kChunk;
  double* sums = queue.take<double>(chunks);
  float* step = op.out(1);
  launch(queue, squares_kernel, dim3(static_cast<unsigned>(chunks)), kThreads,
         shared_bytes<double>(kThreads), op.in(0), op.dims[0], sums);
  const float* loss = op.has(2) ? op.in(2) : nullptr;
  total(
      queue, chunks, [=] __device__(int64_t i) { return sums[i]; },
      [=] __device__(double sum) { judge_step(step, static_cast<float>(sqrt(sum)), loss); });
}

void adamw_run(const Op& op, Queue& queue) {
  const float* step = op.in(4);
  const float decay_factor = op.scalars[0], rate_factor = op.scalars[1], share = op.scalars[2];
  const float* excess = op.has(5) ? op.in(5) : nullptr;
  float* parameter = op.out(0);
  const float* gradient = op.in(1);
  float *first = op.out(2), *second = op.out(3);
  each(queue, op.dims[0], [=] __device__(int64_t i) {
    if (step[CLIPA_STEP_SKIP] != 0) return;
    float rate = step[CLIPA_STEP_LEARNING_RATE] * rate_factor;
    if (excess != nullptr) rate /= fmaxf(1.0f, sqrtf(share * excess[0]));
    const float decay = rate * decay_factor;
    const float beta1 = step[CLIPA_STEP_BETA1], beta2 = step[CLIPA_STEP_BETA2];
    const float mean_factor = rate / step[CLIPA_STEP_BIAS_CORRECTION1];
    const float root_factor = 1 / sqrtf(step[CLIPA_STEP_BIAS_CORRECTION2]);
    const float g = gradient[i] * step[CLIPA_STEP_CLIP_FACTOR];
    const float m = beta1 * first[i] + (1 - beta1) * g;
    const float v = beta2 * second[i] + (1 - beta2) * g * g;
    const float p = parameter[i];
    first[i] = m;
    second[i] = v;
    parameter[i] =
        p - (mean_factor * m / (sqrtf(v) * root_factor + step[CLIPA_STEP_EPSILON]) + decay * p);
  });
}

// sums[block] = sum over its chunk of g^2 / max(v', eps^2).
__global__ void excess_kernel(const float* gradient, const float* second, const float* step,
                              int64_t count, double* sums) {
  SharedMemory memory;
  Shared<double> shared = memory.take<double>(kThreads);
  const float beta2 = step[CLIPA_STEP_BETA2];
  const float correction = 1 / step[CLIPA_STEP_BIAS_CORRECTION2];
  const float clip = step[CLIPA_STEP_CLIP_FACTOR];
  // Padding has gradients and moments of zero: the quotient must stay 0 for the smallest eps too.
  const float least = fmaxf(step[CLIPA_STEP_EPSILON] * step[CLIPA_STEP_EPSILON], FLT_MIN);
  const int64_t first = blockIdx.x * kChunk;
  const int64_t last = first + kChunk < count ? first + kChunk : count;
  double sum = 0;
  for (int64_t i = first + threadIdx.x; i < last; i += kThreads) {
    const float g = gradient[i] * clip;
    const float v = beta2 * second[i] + (1 - beta2) * g * g;
    sum += g * g / fmaxf(v * correction, least);
  }
  shared[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) shared[threadIdx.x] += shared[threadIdx.x + half];
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = shared[0];
}

void excess_run(const Op& op, Queue& queue) {
  const int64_t chunks = (op.dims[0] + kChunk - 1) / kChunk;
  double* sums = queue.take<double>(chunks);
  float* excess = op.out(3);
  launch(queue, excess_kernel, dim3(static_cast<unsigned>(chunks)), kThreads,
         shared_bytes<double>(kThreads), op.in(0), op.in(1), op.in(2), op.dims[0], sums);
  total(
      queue, chunks, [=] __device__(int64_t i) { return sums[i]; },
      [=] __device__(double sum) { excess[0] = static_cast<float>(sum); });
}

void average_run(const Op& op, Queue& queue) {
  const float *x = op.in(0), *step = op.in(1);
  float* y = op.out(2);
  each(queue, op.dims[0], [=] __device__(int64_t i) {
    if (step[CLIPA_STEP_SKIP] != 0) return;
    const float weight = 1 - step[CLIPA_STEP_AVERAGE_DECAY];
    const float old = y[i];
    y[i] = old + weight * (x[i] - old);
  });
}

void clamp_run(const Op& op, Queue& queue) {
  float* x = op.out(0);
  const float* step = op.in(1);
  each(queue, op.dims[0], [=] __device__(int64_t i) {
    if (step[CLIPA_STEP_SKIP] != 0) return;
    const float low = step[CLIPA_STEP_LOGIT_SCALE_MIN], high = step[CLIPA_STEP_LOGIT_SCALE_MAX];
    const float value = x[i] < low ? low : x[i];  // a NaN stays
    x[i] = high < value ? high : value;
  });
}

}  // namespace

const CudaOp kCudaOptimizerOps[] = {
    {CLIPA_OP_GRADIENT_NORM, norm_run},   {CLIPA_OP_ADAMW, adamw_run},
    {CLIPA_OP_AVERAGE, average_run},      {CLIPA_OP_CLAMP, clamp_run},
    {CLIPA_OP_UPDATE_EXCESS, excess_run}, {}};

}  // namespace clipa
