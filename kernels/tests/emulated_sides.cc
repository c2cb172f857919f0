// Runs ops of two sides on the emulation, one by one and from a recording: tests compile it with
// the shipped cuda_device.cc, and with ones whose waits they have removed. Exits with 1 and the
// message when the emulation refuses something, with 2 when a number is wrong.
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "base/context.h"
#include "cuda/launch.h"
#include "cuda/ranks.h"

namespace clipa {

namespace {

constexpr int64_t kCount = 300;
constexpr uint32_t kSet = 1, kAddOne = 2, kTenfold = 3, kSum = 4;

void set(const Op& op, Queue& queue) {
  float* to = op.out(1);
  each(queue, kCount, [=] __device__(int64_t i) { to[i] = 1; });
}
void add_one(const Op& op, Queue& queue) {
  const float* from = op.in(0);
  float* to = op.out(1);
  // The workspace shows whether each side has its own.
  float* between = queue.take(kCount);
  each(queue, kCount, [=] __device__(int64_t i) { between[i] = from[i]; });
  each(queue, kCount, [=] __device__(int64_t i) { to[i] = between[i] + 1; });
}
void tenfold(const Op& op, Queue& queue) {
  const float* from = op.in(0);
  float* to = op.out(1);
  float* between = queue.take(kCount);
  each(queue, kCount, [=] __device__(int64_t i) { between[i] = 10 * from[i]; });
  each(queue, kCount, [=] __device__(int64_t i) { to[i] = between[i]; });
}
void sum(const Op& op, Queue& queue) {
  const float *from = op.in(0), *other = op.in(2);
  float* to = op.out(1);
  each(queue, kCount, [=] __device__(int64_t i) { to[i] = from[i] + other[i]; });
}

const CudaOp kOps[] = {{kSet, set}, {kAddOne, add_one}, {kTenfold, tenfold}, {kSum, sum}};

int run() {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::vector<float>> values(4, std::vector<float>(kCount, kNone));
  // Ends before them: work that is put off writes there.
  Context context(1, 0, CLIPA_PRECISION_F32);
  std::vector<Step> steps;
  const auto step = [&](uint32_t kind, bool side, int from, int to, int other) {
    Step made{nullptr, {}, {}, side};
    made.op.kind = kind;
    made.op.data[0] = values[from].data();
    made.op.data[1] = values[to].data();
    made.op.data[2] = values[other].data();
    steps.push_back(made);
  };
  step(kSet, false, 0, 0, 0);
  step(CLIPA_OP_FORK, false, 0, 0, 0);
  step(kAddOne, true, 0, 1, 0);
  step(kTenfold, false, 0, 2, 0);
  step(CLIPA_OP_JOIN, false, 0, 0, 0);
  step(kSum, false, 1, 3, 2);
  int wrong = 0;
  std::unique_ptr<Recording> recording;
  const int32_t status = context.on_worker([&] {
    context.reserve(steps);
    for (int turn = 0; turn < 4; ++turn) {
      for (auto& all : values) all.assign(kCount, kNone);
      if (turn < 2) {
        for (const Step& each : steps) context.run(each);
      } else {
        if (!recording) recording = context.record(steps);
        context.replay(*recording);
      }
      context.finish();
      for (const float value : values[3]) wrong += value == 12 ? 0 : 1;
    }
    recording.reset();
    return CLIPA_OK;
  });
  if (status != CLIPA_OK) {
    std::printf("%s\n", context.error().c_str());
    return 1;
  }
  if (wrong > 0) std::printf("%d numbers are wrong\n", wrong);
  return wrong > 0 ? 2 : 0;
}

}  // namespace

const CudaOp* find_cuda_op(uint32_t kind) {
  for (const CudaOp& op : kOps) {
    if (op.kind == kind) return &op;
  }
  return nullptr;
}

// Alone, without other ranks, and without products.
void join_sums(Queue&) {}
RanksAwaited::RanksAwaited() = default;
RanksAwaited::~RanksAwaited() = default;
void RanksAwaited::check(cudaError_t error, const char* what) const { clipa::check(error, what); }
void round_to_bf16(Queue&, int64_t, const float*, void*) {}

}  // namespace clipa

int main() { return clipa::run(); }
