// Runs pool_norm on the emulation for every pooling: tests compile it with the shipped kernel, and
// with kernels that they have broken on purpose. Exits with 1 and the message when the emulation
// refuses a kernel, with 2 when a number is wrong.
#include <cmath>
#include <cstdio>
#include <vector>

#include "clipa.h"
#include "cuda/ort_rows.h"

namespace clipa {

// pool_norm falls back on it only where shared memory is too small.
const CudaOp* find_cuda_op(uint32_t) { return nullptr; }

namespace {

constexpr int64_t kBatch = 3, kTokens = 5, kWidth = 270;
constexpr float kEps = 0.25f;

int run(int64_t pool) {
  const std::vector<int32_t> ids = {1, 9, 9, 2, 0, 4, 4, 4, 4, 4, 0, 1, 2, 3, 7};
  const int64_t largest[kBatch] = {1, 0, 4};
  std::vector<float> x(kBatch * kTokens * kWidth), gamma(kWidth), beta(kWidth), y(kBatch * kWidth);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(0.37f * static_cast<float>(i));
  for (int64_t c = 0; c < kWidth; ++c) {
    gamma[c] = 0.5f + 0.01f * static_cast<float>(c);
    beta[c] = std::cos(static_cast<float>(c));
  }
  Queue queue;
  pool_norm(queue, {kBatch, kTokens, kWidth, pool, kEps, x.data(), gamma.data(), beta.data(),
                    ids.data(), y.data()});
  for (int64_t b = 0; b < kBatch; ++b) {
    const int64_t one = pool == CLIPA_POOL_LAST  ? kTokens - 1
                        : pool == CLIPA_POOL_CLS ? 0
                                                 : largest[b];
    const bool mean_of_tokens = pool == CLIPA_POOL_MEAN || pool == CLIPA_POOL_MEAN_PATCHES;
    const int64_t first = pool == CLIPA_POOL_MEAN ? 0 : mean_of_tokens ? 1 : one;
    const int64_t last = mean_of_tokens ? kTokens : one + 1;
    std::vector<double> pooled(kWidth);
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < kWidth; ++c) {
      for (int64_t t = first; t < last; ++t) {
        pooled[c] += x[(b * kTokens + t) * kWidth + c] / static_cast<double>(last - first);
      }
      mean += pooled[c] / kWidth;
    }
    for (const double value : pooled) variance += (value - mean) * (value - mean) / kWidth;
    for (int64_t c = 0; c < kWidth; ++c) {
      const double want = (pooled[c] - mean) / std::sqrt(variance + kEps) * gamma[c] + beta[c];
      if (!(std::abs(want - y[b * kWidth + c]) < 1e-5)) {
        std::printf("pool %d, sample %d, column %d: %g instead of %g\n", static_cast<int>(pool),
                    static_cast<int>(b), static_cast<int>(c), y[b * kWidth + c], want);
        return 2;
      }
    }
  }
  return 0;
}

}  // namespace

}  // namespace clipa

int main() {
  try {
    for (int64_t pool = CLIPA_POOL_CLS; pool <= CLIPA_POOL_ARGMAX; ++pool) {
      if (const int code = clipa::run(pool)) return code;
    }
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
