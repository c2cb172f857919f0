// Explicit lanes: the vector type that row programs are written over.
//
// A row program is a template over L. On the CPU L is CpuLanes below: one thread, kWidth floats a
// vector. Under nvcc the same templates take a type whose V is one float of a warp's 32 lanes,
// whose loads add the lane number and whose reductions shuffle. Compilers do not vectorise float
// reductions or the maths library, hence explicit lanes and our own exp, erf and tanh
// (lane_math.h).
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define CLIPA_ROW __host__ __device__ inline
#else
#define CLIPA_ROW inline
#endif

namespace clipa {

struct CpuLanes {
#if defined(__AVX512F__)
  static constexpr int kWidth = 16;
#elif defined(__AVX__)
  static constexpr int kWidth = 8;
#else
  static constexpr int kWidth = 4;
#endif
  typedef float V __attribute__((vector_size(4 * kWidth)));
  typedef int32_t I __attribute__((vector_size(4 * kWidth)));
  typedef float Unaligned __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

  static V splat(float x) { return x - V{}; }
  static I splat_int(int32_t x) { return x - I{}; }
  static V load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static void store(float* p, V x) { *reinterpret_cast<Unaligned*>(p) = x; }

  // The first n lanes; the others are `rest`.
  static V load_part(const float* p, int64_t n, float rest = 0) {
    float lanes[kWidth];
    for (int i = 0; i < kWidth; ++i) lanes[i] = rest;
    std::memcpy(lanes, p, sizeof(float) * n);
    return load(lanes);
  }
  static void store_part(float* p, V x, int64_t n) {
    float lanes[kWidth];
    store(lanes, x);
    std::memcpy(p, lanes, sizeof(float) * n);
  }

  static V max(V a, V b) { return a > b ? a : b; }
  static V min(V a, V b) { return a < b ? a : b; }
  static V abs(V x) { return reinterpret_cast<V>(reinterpret_cast<I>(x) & splat_int(0x7fffffff)); }
  // |x| with the sign of s.
  static V with_sign(V x, V s) {
    const I sign = splat_int(INT32_MIN);
    return reinterpret_cast<V>((reinterpret_cast<I>(x) & ~sign) | (reinterpret_cast<I>(s) & sign));
  }
  // 2^n for whole n in [-126, 127].
  static V exp2_whole(V n) {
    return reinterpret_cast<V>((__builtin_convertvector(n, I) + 127) << 23);
  }
  static V sqrt(V x) {
    V out;
    for (int i = 0; i < kWidth; ++i) out[i] = __builtin_sqrtf(x[i]);
    return out;
  }

  // Sums and maxima over the lanes, pairwise: the order is a function of kWidth alone.
  static float reduce_sum(V x) {
    float lanes[kWidth];
    store(lanes, x);
    for (int half = kWidth / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    }
    return lanes[0];
  }
  static float reduce_max(V x) {
    float lanes[kWidth];
    store(lanes, x);
    for (int half = kWidth / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i)
        lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    }
    return lanes[0];
  }
};

// Calls body(i, load, store) for every vector of a row of n floats; the last one may be partial.
// body(position, read, write): read(p) and write(p, v) take the row's base pointers.
template <class L, class Body>
CLIPA_ROW void for_lanes(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + L::kWidth <= n; i += L::kWidth) {
    body([i](const float* p) { return L::load(p + i); },
         [i](float* p, typename L::V v) { L::store(p + i, v); });
  }
  if (i < n) {
    const int64_t rest = n - i;
    body([i, rest](const float* p) { return L::load_part(p + i, rest); },
         [i, rest](float* p, typename L::V v) { L::store_part(p + i, v, rest); });
  }
}

}  // namespace clipa
