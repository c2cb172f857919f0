// Gradient norm, AdamW with its update clipping, weight average and clamp; all obey the step block.
#include <algorithm>
#include <cfloat>
#include <cmath>

#include "base/op.h"
#include "cpu/ranges.h"
#include "lanes/judge_step.h"
#include "lanes/lanes.h"

namespace clipa {

namespace {

using L = CpuLanes;

bool skipped(const float* step) { return step[CLIPA_STEP_SKIP] != 0; }

// --- gradient, step, loss?: squares summed in lanes within a chunk, in double across chunks

// In double, for a chunk whose squares overflow float32: elements above about 1e19.
double wide_squares(int64_t count, const float* g) {
  double total = 0;
  for (int64_t i = 0; i < count; ++i) total += double{g[i]} * double{g[i]};
  return total;
}

int64_t norm_chunks(const Op& op) { return (op.dims[0] + kElementGrain - 1) / kElementGrain; }

void norm_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(CLIPA_STEP_SLOTS);
  needs.optional(1);
  needs.refuse(check_dims(op, 1));
}

int64_t norm_items(const Op& op, int phase) { return phase == 0 ? norm_chunks(op) : 1; }
uint64_t norm_workspace(const Op& op) { return sizeof(double) * norm_chunks(op); }

const char* norm_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  double* sums = reinterpret_cast<double*>(run.workspace);
  if (phase == 0) {
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const int64_t first = chunk * kElementGrain;
      const float* g = op.in(0) + first;
      L::V total = L::splat(0);
      const int64_t count = std::min(kElementGrain, op.dims[0] - first);
      for_lanes<L>(count, [&](auto read, auto) { total += read(g) * read(g); });
      const float sum = L::reduce_sum(total);
      sums[chunk] = std::isfinite(sum) ? sum : wide_squares(count, g);
    }
    return nullptr;
  }
  double total = 0;
  for (int64_t chunk = 0; chunk < norm_chunks(op); ++chunk) total += sums[chunk];
  float* step = op.out(1);
  const float norm = static_cast<float>(std::sqrt(total));
  judge_step(step, norm, op.has(2) ? op.in(2) : nullptr);
  return nullptr;
}

// --- parameter, gradient, m, v, step, excess?

void adamw_needs(const Op& op, Needs& needs) {
  for (int i = 0; i < 4; ++i) needs.add(op.dims[0]);
  needs.add(CLIPA_STEP_SLOTS);
  needs.optional(1);
  needs.refuse(check_dims(op, 1));
}

const char* adamw_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const float* step = op.in(4);
  if (skipped(step)) return nullptr;
  float rate = step[CLIPA_STEP_LEARNING_RATE] * op.scalars[1];
  if (op.has(5)) rate /= std::max(1.0f, std::sqrt(op.scalars[2] * op.in(5)[0]));
  const float decay = rate * op.scalars[0];
  const float beta1 = step[CLIPA_STEP_BETA1];
  const float beta2 = step[CLIPA_STEP_BETA2];
  const float epsilon = step[CLIPA_STEP_EPSILON];
  const float clip = step[CLIPA_STEP_CLIP_FACTOR];
  const float mean_factor = rate / step[CLIPA_STEP_BIAS_CORRECTION1];
  const float root_factor = 1 / std::sqrt(step[CLIPA_STEP_BIAS_CORRECTION2]);
  float* parameter = op.out(0) + begin;
  const float* gradient = op.in(1) + begin;
  float* first = op.out(2) + begin;
  float* second = op.out(3) + begin;
  for_lanes<L>(end - begin, [&](auto read, auto write) {
    const L::V g = read(gradient) * clip;
    const L::V m = beta1 * read(first) + (1 - beta1) * g;
    const L::V v = beta2 * read(second) + (1 - beta2) * g * g;
    const L::V p = read(parameter);
    write(first, m);
    write(second, v);
    write(parameter, p - (mean_factor * m / (L::sqrt(v) * root_factor + epsilon) + decay * p));
  });
  return nullptr;
}

// --- gradient, v, step -> excess: summed in lanes within a chunk, in double across chunks

void excess_needs(const Op& op, Needs& needs) {
  for (int i = 0; i < 2; ++i) needs.add(op.dims[0]);
  needs.add(CLIPA_STEP_SLOTS);
  needs.add(1);
  needs.refuse(check_dims(op, 1));
}

const char* excess_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  double* sums = reinterpret_cast<double*>(run.workspace);
  if (phase == 1) {
    double total = 0;
    for (int64_t chunk = 0; chunk < norm_chunks(op); ++chunk) total += sums[chunk];
    op.out(3)[0] = static_cast<float>(total);
    return nullptr;
  }
  const float* step = op.in(2);
  const float beta2 = step[CLIPA_STEP_BETA2];
  const float correction = 1 / step[CLIPA_STEP_BIAS_CORRECTION2];
  const float clip = step[CLIPA_STEP_CLIP_FACTOR];
  // Padding has gradients and moments of zero: the quotient must stay 0 for the smallest eps too.
  const L::V least =
      L::splat(std::max(step[CLIPA_STEP_EPSILON] * step[CLIPA_STEP_EPSILON], FLT_MIN));
  for (int64_t chunk = begin; chunk < end; ++chunk) {
    const int64_t first = chunk * kElementGrain;
    const float* gradient = op.in(0) + first;
    const float* second = op.in(1) + first;
    L::V total = L::splat(0);
    for_lanes<L>(std::min(kElementGrain, op.dims[0] - first), [&](auto read, auto) {
      const L::V g = read(gradient) * clip;
      const L::V v = beta2 * read(second) + (1 - beta2) * g * g;
      total += g * g / L::max(v * correction, least);
    });
    sums[chunk] = L::reduce_sum(total);
  }
  return nullptr;
}

// --- x, step -> y

void average_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(CLIPA_STEP_SLOTS);
  needs.add(op.dims[0]);
  needs.refuse(check_dims(op, 1));
}

const char* average_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const float* step = op.in(1);
  if (skipped(step)) return nullptr;
  const float weight = 1 - step[CLIPA_STEP_AVERAGE_DECAY];
  const float* x = op.in(0) + begin;
  float* y = op.out(2) + begin;
  for_lanes<L>(end - begin, [&](auto read, auto write) {
    const L::V old = read(y);
    write(y, old + weight * (read(x) - old));
  });
  return nullptr;
}

// --- x, step

void clamp_needs(const Op& op, Needs& needs) {
  needs.add(op.dims[0]);
  needs.add(CLIPA_STEP_SLOTS);
  needs.refuse(check_dims(op, 1));
}

const char* clamp_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const float* step = op.in(1);
  if (skipped(step)) return nullptr;
  float* x = op.out(0);
  for (int64_t i = begin; i < end; ++i) {
    x[i] = std::min(std::max(x[i], step[CLIPA_STEP_LOGIT_SCALE_MIN]),
                    step[CLIPA_STEP_LOGIT_SCALE_MAX]);
  }
  return nullptr;
}

}  // namespace

const OpSpec kOptimizerOps[] = {{CLIPA_OP_GRADIENT_NORM, "gradient_norm", 0, 2, norm_needs,
                                 norm_items, no_items, norm_workspace, no_bytes, norm_run},
                                {CLIPA_OP_ADAMW, "adamw", 0, 1, adamw_needs, first_dim,
                                 element_grain, no_bytes, no_bytes, adamw_run},
                                {CLIPA_OP_AVERAGE, "average", 0, 1, average_needs, first_dim,
                                 element_grain, no_bytes, no_bytes, average_run},
                                {CLIPA_OP_CLAMP, "clamp", 0, 1, clamp_needs, first_dim,
                                 element_grain, no_bytes, no_bytes, clamp_run},
                                {CLIPA_OP_UPDATE_EXCESS, "update_excess", 0, 2, excess_needs,
                                 norm_items, no_items, norm_workspace, no_bytes, excess_run},
                                {}};

}  // namespace clipa
