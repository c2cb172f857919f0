// Lanes of one CPU thread, over the vector types of GCC and Clang.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace clipa {

// A vector's types; spelled out because the size of a vector type cannot depend
// on a template.
template <int kLanes>
struct LaneTypes;
template <>
struct LaneTypes<4> {
  typedef float V __attribute__((vector_size(16)));
  typedef int32_t I __attribute__((vector_size(16)));
};
template <>
struct LaneTypes<8> {
  typedef float V __attribute__((vector_size(32)));
  typedef int32_t I __attribute__((vector_size(32)));
};
template <>
struct LaneTypes<16> {
  typedef float V __attribute__((vector_size(64)));
  typedef int32_t I __attribute__((vector_size(64)));
};

template <int kLanes>
struct Lanes {
  static constexpr int kWidth = kLanes;
  using V = typename LaneTypes<kLanes>::V;
  using I = typename LaneTypes<kLanes>::I;

  static V splat(float x) { return x - V{}; }
  static I splat_int(int32_t x) { return x - I{}; }
  static V load(const float* p) {
    V x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
  static void store(float* p, V x) { std::memcpy(p, &x, sizeof x); }

  // The first n lanes, 0 <= n < kWidth; the others are `rest`. Touches no
  // memory beyond them.
  static V load_part(const float* p, int64_t n, float rest = 0) {
#if defined(__AVX512F__)
    if constexpr (kLanes == 16) return (V)_mm512_mask_loadu_ps((__m512)splat(rest), mask(n), p);
#endif
#if defined(__AVX2__)
    if constexpr (kLanes == 8) {
      const V x = (V)_mm256_maskload_ps(p, (__m256i)part(n));
      return part(n) ? x : splat(rest);
    }
#endif
    float lanes[kLanes];
    store(lanes, splat(rest));
    for (int64_t i = 0; i < n; ++i) lanes[i] = p[i];
    return load(lanes);
  }
  static void store_part(float* p, V x, int64_t n) {
#if defined(__AVX512F__)
    if constexpr (kLanes == 16) return _mm512_mask_storeu_ps(p, mask(n), (__m512)x);
#endif
#if defined(__AVX2__)
    if constexpr (kLanes == 8) return _mm256_maskstore_ps(p, (__m256i)part(n), (__m256)x);
#endif
    float lanes[kLanes];
    store(lanes, x);
    for (int64_t i = 0; i < n; ++i) p[i] = lanes[i];
  }

  // A NaN in b is kept; a NaN in a is dropped.
  static V max(V a, V b) { return a > b ? a : b; }
  static V min(V a, V b) { return a < b ? a : b; }
  static V abs(V x) { return (V)((I)x & splat_int(0x7fffffff)); }
  // |x| with the sign of s.
  static V with_sign(V x, V s) {
    const I sign = splat_int(INT32_MIN);
    return (V)(((I)x & ~sign) | ((I)s & sign));
  }
  // 2^n for whole n in [-126, 127].
  static V exp2_whole(V n) { return (V)((__builtin_convertvector(n, I) + 127) << 23); }
  static V sqrt(V x) {
    V out;
    for (int i = 0; i < kLanes; ++i) out[i] = __builtin_sqrtf(x[i]);
    return out;
  }

  // Sums and maxima over the lanes, halving: the order is a function of kWidth
  // alone.
  static float reduce_sum(V x) {
    return fold(x, [](auto a, auto b) { return a + b; });
  }
  static float reduce_max(V x) {
    return fold(x, [](auto a, auto b) { return a > b ? a : b; });
  }

  template <class Combine>
  static float fold(V x, Combine combine) {
    if constexpr (kLanes == 4) {
      return combine(combine(x[0], x[2]), combine(x[1], x[3]));
    } else {
      using Half = Lanes<kLanes / 2>;
      using Indices = std::make_integer_sequence<int, kLanes / 2>;
      const typename Half::V low = half<0>(x, Indices());
      const typename Half::V high = half<kLanes / 2>(x, Indices());
      return Half::fold(combine(low, high), combine);
    }
  }

  // rows[i][j] -> rows[j][i] of a square of vectors: as many rounds of the
  // perfect shuffle as kWidth has bits.
  static void transpose(V (&rows)[kLanes]) {
    for (int round = 1; round < kLanes; round *= 2) {
      V next[kLanes];
      for (int i = 0; i < kLanes / 2; ++i) {
        const V a = rows[i], b = rows[i + kLanes / 2];
        next[2 * i] = zip<0>(a, b, std::make_integer_sequence<int, kLanes>());
        next[2 * i + 1] = zip<kLanes / 2>(a, b, std::make_integer_sequence<int, kLanes>());
      }
      for (int i = 0; i < kLanes; ++i) rows[i] = next[i];
    }
  }

 private:
  template <int kFirst, int... i>
  static auto half(V x, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(x, x, (kFirst + i)...);
  }
  // a[first], b[first], a[first + 1], b[first + 1], ...
  template <int kFirst, int... i>
  static V zip(V a, V b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (kFirst + i / 2 + i % 2 * kLanes)...);
  }
#if defined(__AVX512F__)
  static __mmask16 mask(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
#endif
  // All bits set in the first n lanes.
  static I part(int64_t n) {
    I index;
    for (int i = 0; i < kLanes; ++i) index[i] = i;
    return index < static_cast<int32_t>(n);
  }
};

#if defined(__AVX512F__)
using CpuLanes = Lanes<16>;
#elif defined(__AVX__)
using CpuLanes = Lanes<8>;
#else
using CpuLanes = Lanes<4>;
#endif

}  // namespace clipa
