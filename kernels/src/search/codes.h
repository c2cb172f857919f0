// 8-bit codes of rows, 14-bit codes of a query, and what they are wrong by.
#pragma once

#include <cstdint>
#include <vector>

namespace clipa {

constexpr int64_t kBlock = 16;  // rows of a block: lanes of 32 bits in 64 bytes
constexpr int64_t kGroup = 4;   // features in a lane

inline int64_t code_groups(int64_t width) { return (width + kGroup - 1) / kGroup; }
inline int64_t code_blocks(int64_t count) { return (count + kBlock - 1) / kBlock; }
inline int64_t code_bytes(int64_t count, int64_t width) {
  return code_blocks(count) * code_groups(width) * kBlock * kGroup;
}

// Scales a row to unit length in place; a row of zeros stays. False when a value is not finite.
bool normalize_row(float* row, int64_t width);

// The codes of row number `lane` of a block. `error` is an upper bound of the length of
// row - scale * code.
void encode_row(const float* row, int64_t width, int64_t lane, uint8_t* block, float* scale,
                float* error);

// A query in whole numbers: q = scale * code + rest with codes of -8127..8127, stored as
// 128 * high + low, so that both halves are signed bytes.
struct QueryCodes {
  QueryCodes(const float* query, int64_t width);

  std::vector<int8_t> high, low;  // [groups * 4]
  std::vector<int32_t> whole;     // [groups * 4]
  uint32_t offset = 0;            // what the + 128 of the rows' codes adds to a sum, modulo 2^32
  float scale = 0;
  // |score - scale * row.scale * sum| <= slack_per_error * row.error + slack, rounding included.
  float slack_per_error = 0;
  float slack = 0;
};

}  // namespace clipa
