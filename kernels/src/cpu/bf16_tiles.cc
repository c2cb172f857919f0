#include "cpu/bf16_tiles.h"

#include <algorithm>
#include <cstring>

#include "lanes/lanes.h"

namespace clipa {

namespace {

constexpr int64_t kPairs = kTileSum / 2;
using Pairs = uint32_t[kTileOuter][kPairs];  // square: a tile and its transpose have one type
static_assert(kTileOuter == kPairs, "a tile is a square of pairs");

inline uint32_t rounded(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  // Not-a-number stays one: rounding could carry its bits into infinity.
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
}

// out[j] = values 2j and 2j + 1 of a row of `count`, 1 to 32.
inline void along_row(const float* row, int64_t count, uint32_t (&out)[kPairs]) {
#if defined(__AVX512BF16__)
  const auto load = [&](int64_t first) {
    const int64_t rest = std::max<int64_t>(0, std::min<int64_t>(16, count - first));
    return (__m512)CpuLanes::load_part(rest > 0 ? row + first : row, rest);
  };
  const __m512bh both = count == kTileSum
                            ? _mm512_cvtne2ps_pbh(_mm512_loadu_ps(row + 16), _mm512_loadu_ps(row))
                            : _mm512_cvtne2ps_pbh(load(16), load(0));
  std::memcpy(out, &both, sizeof out);
#else
  uint16_t values[kTileSum] = {};
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<uint16_t>(rounded(row[i]));
  std::memcpy(out, values, sizeof out);
#endif
}

// out[j] = column j of two rows; `odd` may be null for zeros.
inline void across_rows(const float* even, const float* odd, int64_t columns,
                        uint32_t (&out)[kPairs]) {
#if defined(__AVX512BF16__)
  typedef uint16_t Half __attribute__((vector_size(32)));
  typedef uint32_t Words __attribute__((vector_size(64)));
  const auto half = [&](const float* row) {
    if (row == nullptr) return Words{};
    const __m512 values =
        columns == 16 ? _mm512_loadu_ps(row) : (__m512)CpuLanes::load_part(row, columns);
    return __builtin_convertvector((Half)_mm512_cvtneps_pbh(values), Words);
  };
  const Words words = half(even) | half(odd) << 16;
  std::memcpy(out, &words, sizeof out);
#else
  for (int64_t j = 0; j < kPairs; ++j) {
    const uint32_t low = j < columns ? rounded(even[j]) : 0;
    const uint32_t high = odd != nullptr && j < columns ? rounded(odd[j]) : 0;
    out[j] = low | high << 16;
  }
#endif
}

inline void transpose(Pairs& pairs) {
  using L = CpuLanes;
  if constexpr (L::kWidth == kPairs) {
    L::V rows[L::kWidth];
    for (int i = 0; i < L::kWidth; ++i) std::memcpy(&rows[i], pairs[i], sizeof rows[i]);
    L::transpose(rows);
    for (int i = 0; i < L::kWidth; ++i) std::memcpy(pairs[i], &rows[i], sizeof rows[i]);
  } else {
    for (int64_t i = 0; i < kTileOuter; ++i) {
      for (int64_t j = 0; j < i; ++j) std::swap(pairs[i][j], pairs[j][i]);
    }
  }
}

// kLeft: rows of a tile are outer entries, else they are pairs along the sum.
template <bool kLeft, bool kSumFirst>
inline void pack_tile(const Plain& p, int64_t block, int64_t step, uint16_t* tile) {
  alignas(64) Pairs pairs;
  const int64_t first = block * kTileOuter, start = step * kTileSum;
  const int64_t outer = std::min(kTileOuter, p.outer - first);
  const int64_t sum = std::min(kTileSum, p.sum - start);
  for (int64_t i = 0; i < kPairs; ++i) {
    if constexpr (kSumFirst) {
      const float* even = p.from + (start + 2 * i) * p.stride + first;
      if (2 * i < sum) {
        across_rows(even, 2 * i + 1 < sum ? even + p.stride : nullptr, outer, pairs[i]);
        continue;
      }
    } else if (i < outer) {
      along_row(p.from + (first + i) * p.stride + start, sum, pairs[i]);
      continue;
    }
    std::memset(pairs[i], 0, sizeof pairs[i]);
  }
  if constexpr (kLeft == kSumFirst) transpose(pairs);
  std::memcpy(tile, pairs, sizeof pairs);
}

// Reads rows once, in order. A tile is a strided piece, which the processor cannot foresee: the
// misses would cost several times what the work does.
inline void touch(const float* from, int64_t stride, int64_t rows, int64_t values) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < values; i += 16) {
      (void)*static_cast<const volatile float*>(from + row * stride + i);  // volatile: must stay
    }
  }
}

// In the order of memory.
template <bool kLeft, bool kSumFirst>
void pack(const Plain& p, int64_t begin, int64_t end, uint16_t* tiles) {
  const int64_t steps = tile_steps(p.sum);
  const auto place = [&](int64_t block, int64_t step) {
    return tiles + (block * steps + step) * kTileValues;
  };
  const int64_t first = begin * kTileOuter;
  const int64_t values = std::min(p.outer, end * kTileOuter) - first;
  if constexpr (kSumFirst) {
    for (int64_t step = 0; step < steps; ++step) {
      const int64_t start = step * kTileSum;
      touch(p.from + start * p.stride + first, p.stride, std::min(kTileSum, p.sum - start), values);
      for (int64_t block = begin; block < end; ++block) {
        pack_tile<kLeft, true>(p, block, step, place(block, step));
      }
    }
  } else {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t start = block * kTileOuter;
      touch(p.from + start * p.stride, p.stride, std::min(kTileOuter, p.outer - start), p.sum);
      for (int64_t step = 0; step < steps; ++step) {
        pack_tile<kLeft, false>(p, block, step, place(block, step));
      }
    }
  }
}

}  // namespace

void pack_left(const Plain& plain, int64_t begin, int64_t end, uint16_t* tiles) {
  plain.sum_first ? pack<true, true>(plain, begin, end, tiles)
                  : pack<true, false>(plain, begin, end, tiles);
}

void pack_right(const Plain& plain, int64_t begin, int64_t end, uint16_t* tiles) {
  plain.sum_first ? pack<false, true>(plain, begin, end, tiles)
                  : pack<false, false>(plain, begin, end, tiles);
}

}  // namespace clipa
