// Runs attention, forward and backward, on the emulation: tests compile it with the shipped
// kernels, and with kernels that they have broken on purpose. Exits with 1 and the message when the
// emulation refuses a kernel, with 2 when a number is wrong.
#include <cmath>
#include <cstdio>
#include <vector>

#include "cuda/queue.h"

namespace clipa {

namespace {

constexpr int64_t kBatch = 2, kTokens = 37, kHeads = 2, kHead = 24, kWidth = kHeads * kHead;
constexpr float kScale = 0.2f;

// y of one token by the formula.
double reference(const std::vector<float>& qkv, int64_t sample, int64_t h, int64_t t, int64_t c) {
  const auto at = [&](int64_t token, int64_t part, int64_t i) {
    return double{qkv[(sample * kTokens + token) * 3 * kWidth + part * kWidth + h * kHead + i]};
  };
  double total = 0, sum = 0;
  for (int64_t j = 0; j < kTokens; ++j) {
    double score = 0;
    for (int64_t i = 0; i < kHead; ++i) score += at(t, 0, i) * at(j, 1, i);
    const double weight = std::exp(score * kScale);
    total += weight;
    sum += weight * at(j, 2, c);
  }
  return sum / total;
}

int run() {
  const int64_t rows = kBatch * kTokens;
  std::vector<float> qkv(rows * 3 * kWidth), y(rows * kWidth), lse(kBatch * kHeads * kTokens);
  std::vector<float> dy(y.size(), 0.5f), dqkv(qkv.size()), workspace(1 << 16);
  for (size_t i = 0; i < qkv.size(); ++i) qkv[i] = std::sin(0.37f * static_cast<float>(i));
  Op op;
  op.dims[0] = kBatch;
  op.dims[1] = kTokens;
  op.dims[2] = kHeads;
  op.dims[3] = kHead;
  op.scalars[0] = kScale;
  void* const operands[] = {qkv.data(), y.data(), lse.data(), dy.data(), dqkv.data()};
  std::copy(std::begin(operands), std::end(operands), op.data);
  Queue queue;
  for (const CudaOp* spec = kCudaAttentionOps; spec->kind != 0; ++spec) {
    queue.start(0, reinterpret_cast<char*>(workspace.data()));
    spec->run(op, queue);
  }
  for (int64_t t = 0; t < kTokens; ++t) {
    const double want = reference(qkv, 1, 1, t, 5);
    const double seen = y[(kTokens + t) * kWidth + kHead + 5];
    if (!(std::abs(want - seen) < 1e-5)) {
      std::printf("token %d: %g instead of %g\n", static_cast<int>(t), seen, want);
      return 2;
    }
  }
  for (const float d : dqkv) {
    if (!std::isfinite(d)) return 2;
  }
  return 0;
}

}  // namespace

}  // namespace clipa

int main() {
  try {
    return clipa::run();
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
