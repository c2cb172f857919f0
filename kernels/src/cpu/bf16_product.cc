// Products of bfloat16 tiles: by the matrix unit (AMX) where the processor has one and the system
// lets us, else by vectors.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "cpu/bf16_tiles.h"
#include "lanes/lanes.h"

#if defined(__AMX_BF16__) && defined(__AMX_TILE__) && defined(__linux__)
#define CLIPA_AMX 1
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace clipa {

namespace {

using L = CpuLanes;
constexpr int kW = L::kWidth;
constexpr int64_t kPairs = kTileSum / 2;

const uint16_t* tile_of(const uint16_t* tiles, int64_t block, int64_t steps) {
  return tiles + block * steps * kTileValues;
}

// Takes the part that exists of a 16 x 16 result.
void take_part(const TileProduct& p, int64_t row, int64_t column, const float* sums) {
  const int64_t rows = std::min(kTileOuter, p.rows - row);
  const int64_t columns = std::min(kTileOuter, p.columns - column);
  for (int64_t r = 0; r < rows; ++r) {
    float* c = p.c + (row + r) * p.stride + column;
    const float* from = sums + r * kTileOuter;
    for (int64_t j = 0; j < columns; ++j) c[j] = p.add ? c[j] + from[j] : from[j];
  }
}

// --- by vectors

// sum += a.even * b.even + a.odd * b.odd for a pair `a` and kW pairs at `b`.
inline L::V add_pairs(L::V sum, uint32_t a, const uint32_t* b) {
#if defined(__AVX512BF16__)
  if constexpr (kW == 16) {
    const __m512i left = _mm512_set1_epi32(static_cast<int>(a));
    const __m512i right = _mm512_loadu_si512(b);
    return (L::V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)left, (__m512bh)right);
  }
#endif
  L::I right;
  std::memcpy(&right, b, sizeof right);
  const L::I left = L::splat_int(static_cast<int32_t>(a));
  const L::I high = L::splat_int(static_cast<int32_t>(0xffff0000u));
  sum += (L::V)(left << 16) * (L::V)(right << 16);
  return sum + (L::V)(left & high) * (L::V)(right & high);
}

// Rows that keep enough sums in flight to hide the latency of an FMA.
constexpr int kVectors = kTileOuter / kW;
constexpr int kRows = std::max(2, 8 / kVectors);

void vector_block(const TileProduct& p, int64_t steps, int64_t row, int64_t column) {
  const uint16_t* left = tile_of(p.left, row / kTileOuter, steps);
  const uint16_t* right = tile_of(p.right, column / kTileOuter, steps);
  float sums[kTileOuter * kTileOuter];
  const int64_t rows = std::min(kTileOuter, p.rows - row);
  for (int64_t first = 0; first < rows; first += kRows) {
    L::V sum[kRows][kVectors];
    for (auto& line : sum) {
      for (L::V& value : line) value = L::splat(0);
    }
    for (int64_t step = 0; step < steps; ++step) {
      uint32_t a[kRows][kPairs];
      std::memcpy(a, left + step * kTileValues + first * kTileSum, sizeof a);
      for (int64_t pair = 0; pair < kPairs; ++pair) {
        uint32_t b[kTileOuter];
        std::memcpy(b, right + step * kTileValues + pair * kTileSum, sizeof b);
        for (int r = 0; r < kRows; ++r) {
          for (int v = 0; v < kVectors; ++v) {
            sum[r][v] = add_pairs(sum[r][v], a[r][pair], b + v * kW);
          }
        }
      }
    }
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) {
        L::store(sums + (first + r) * kTileOuter + v * kW, sum[r][v]);
      }
    }
  }
  take_part(p, row, column, sums);
}

void by_vectors(const TileProduct& p) {
  const int64_t steps = tile_steps(p.sum);
  for (int64_t column = 0; column < p.columns; column += kTileOuter) {
    for (int64_t row = 0; row < p.rows; row += kTileOuter) vector_block(p, steps, row, column);
  }
}

// --- by the matrix unit

#ifdef CLIPA_AMX

// Eight registers of 16 rows of 64 bytes.
struct alignas(64) TileSetting {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileSetting) == 64, "the processor reads 64 bytes");

bool allowed() {
  const char* wish = std::getenv("CLIPA_AMX");
  if (wish != nullptr && std::strcmp(wish, "0") == 0) return false;
  if (!__builtin_cpu_supports("avx512f")) return false;
  // The kernel gives a process the tiles' state on request only.
  constexpr int kRequest = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

bool has_amx() {
  static const bool yes = allowed();
  return yes;
}

constexpr int kStrideOfTile = kTileSum * sizeof(uint16_t);

// The compiler's tile functions take registers as literals. 0-3 hold sums, 4 and 5 left tiles, 6
// and 7 right tiles.
template <int kSum>
inline void clear_sum() {
  if constexpr (kSum == 0) _tile_zero(0);
  if constexpr (kSum == 1) _tile_zero(1);
  if constexpr (kSum == 2) _tile_zero(2);
  if constexpr (kSum == 3) _tile_zero(3);
}
template <int kSum>
inline void load_sum(const float* from, int64_t bytes) {
  if constexpr (kSum == 0) _tile_loadd(0, from, bytes);
  if constexpr (kSum == 1) _tile_loadd(1, from, bytes);
  if constexpr (kSum == 2) _tile_loadd(2, from, bytes);
  if constexpr (kSum == 3) _tile_loadd(3, from, bytes);
}
template <int kSum>
inline void store_sum(float* to, int64_t bytes) {
  if constexpr (kSum == 0) _tile_stored(0, to, bytes);
  if constexpr (kSum == 1) _tile_stored(1, to, bytes);
  if constexpr (kSum == 2) _tile_stored(2, to, bytes);
  if constexpr (kSum == 3) _tile_stored(3, to, bytes);
}

template <int kSum>
inline void begin_sum(const TileProduct& p, int64_t row, int64_t column) {
  const bool whole = row + kTileOuter <= p.rows && column + kTileOuter <= p.columns;
  if (p.add && whole) {
    load_sum<kSum>(p.c + row * p.stride + column, p.stride * sizeof(float));
  } else {
    clear_sum<kSum>();
  }
}

template <int kSum>
inline void end_sum(const TileProduct& p, int64_t row, int64_t column) {
  if (row + kTileOuter <= p.rows && column + kTileOuter <= p.columns) {
    store_sum<kSum>(p.c + row * p.stride + column, p.stride * sizeof(float));
  } else {
    alignas(64) float sums[kTileOuter * kTileOuter];
    store_sum<kSum>(sums, kTileOuter * sizeof(float));
    take_part(p, row, column, sums);
  }
}

// kR x kC blocks from (row, column).
template <int kR, int kC>
inline void tile_block(const TileProduct& p, int64_t steps, int64_t row, int64_t column) {
  const int64_t low = row + kTileOuter, beside = column + kTileOuter;
  begin_sum<0>(p, row, column);
  if constexpr (kC == 2) begin_sum<1>(p, row, beside);
  if constexpr (kR == 2) begin_sum<2>(p, low, column);
  if constexpr (kR == 2 && kC == 2) begin_sum<3>(p, low, beside);
  const uint16_t* left = tile_of(p.left, row / kTileOuter, steps);
  const uint16_t* right = tile_of(p.right, column / kTileOuter, steps);
  const int64_t next = steps * kTileValues;
  for (int64_t step = 0; step < steps; ++step, left += kTileValues, right += kTileValues) {
    _tile_loadd(4, left, kStrideOfTile);
    _tile_loadd(6, right, kStrideOfTile);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kC == 2) {
      _tile_loadd(7, right + next, kStrideOfTile);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (kR == 2) {
      _tile_loadd(5, left + next, kStrideOfTile);
      _tile_dpbf16ps(2, 5, 6);
    }
    if constexpr (kR == 2 && kC == 2) _tile_dpbf16ps(3, 5, 7);
  }
  end_sum<0>(p, row, column);
  if constexpr (kC == 2) end_sum<1>(p, row, beside);
  if constexpr (kR == 2) end_sum<2>(p, low, column);
  if constexpr (kR == 2 && kC == 2) end_sum<3>(p, low, beside);
}

template <int kC>
void tile_columns(const TileProduct& p, int64_t steps, int64_t column) {
  int64_t row = 0;
  for (; row + kTileOuter < p.rows; row += 2 * kTileOuter) tile_block<2, kC>(p, steps, row, column);
  if (row < p.rows) tile_block<1, kC>(p, steps, row, column);
}

void by_tiles(const TileProduct& p) {
  static const TileSetting setting;
  const int64_t steps = tile_steps(p.sum);
  _tile_loadconfig(&setting);
  int64_t column = 0;
  for (; column + kTileOuter < p.columns; column += 2 * kTileOuter) {
    tile_columns<2>(p, steps, column);
  }
  if (column < p.columns) tile_columns<1>(p, steps, column);
  // Without it every switch between threads would save eight registers of 1 KiB.
  _tile_release();
}

#else

bool has_amx() { return false; }
void by_tiles(const TileProduct&) {}

#endif

}  // namespace

void multiply_tiles(const TileProduct& product) {
  has_amx() ? by_tiles(product) : by_vectors(product);
}

const char* tile_unit() {
  if (has_amx()) return "amx";
#if defined(__AVX512BF16__)
  return "avx512-bf16";
#else
  return "float32 lanes";
#endif
}

}  // namespace clipa
