// Matrices rounded to bfloat16 and laid out in tiles, as products of short floats want them.
//
// A tile is 16 x 32 values of 2 bytes, 1 KiB: 16 entries of the outer index by 32 of the index that
// the product sums over. A matrix is [outer blocks, sum steps] tiles, filled up with zeros. The
// left factor's tile holds 16 rows of 16 pairs along the sum; the right one's 16 pairs by 16
// columns, so that a row of it times a pair of the left one's gives 16 sums (the layout of Intel's
// AMX, which suits any vector unit).
#pragma once

#include <cstdint>

namespace clipa {

constexpr int64_t kTileOuter = 16;
constexpr int64_t kTileSum = 32;
constexpr int64_t kTileValues = kTileOuter * kTileSum;

inline int64_t tile_blocks(int64_t outer) { return (outer + kTileOuter - 1) / kTileOuter; }
inline int64_t tile_steps(int64_t sum) { return (sum + kTileSum - 1) / kTileSum; }
// 16-bit values that a matrix takes.
inline int64_t tile_values(int64_t outer, int64_t sum) {
  return tile_blocks(outer) * tile_steps(sum) * kTileValues;
}

// A matrix in memory, element (outer i, sum s) at from[i * stride + s], or with sum_first at
// from[s * stride + i].
struct Plain {
  const float* from;
  int64_t stride;
  bool sum_first;
  int64_t outer, sum;
};

// Rounds to the nearest, ties to even. Outer blocks [begin, end) only; `tiles` is the place of the
// whole matrix.
void pack_left(const Plain& plain, int64_t begin, int64_t end, uint16_t* tiles);
void pack_right(const Plain& plain, int64_t begin, int64_t end, uint16_t* tiles);

// c[rows, columns] = left right, or += with `add`; sums in float32, on the calling thread.
struct TileProduct {
  const uint16_t* left;   // tiles of [rows, sum]
  const uint16_t* right;  // tiles of [columns, sum]
  int64_t rows, columns, sum;
  float* c;
  int64_t stride;
  bool add;
};
void multiply_tiles(const TileProduct& product);

// What multiplies tiles on this machine: "amx", "avx512-bf16" or "float32 lanes".
const char* tile_unit();

}  // namespace clipa
