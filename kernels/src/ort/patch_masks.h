// Which patches of a picture are kept, bit for bit as src/tokens/image/ draws them. One thread
// draws one sample, on the CPU as on CUDA.
#pragma once

#include <cstdint>

#include "ort/philox.h"

namespace clipa {
namespace ort {

enum class Strategy : int32_t { kRandom, kGrid, kBlock };

struct Mask {
  Strategy strategy;
  int32_t option;  // of a grid: 1 = jitter by sample, 2 = by window; of a block: 1 = in the centre
  int64_t grid, keep;
  int64_t block_width;  // ceil(sqrt(keep))
};

// Whose mask it is; taken modulo 2^32, as in TypeScript.
struct MaskKey {
  uint32_t seed, epoch, sample;
};

constexpr uint32_t kRandomPurpose = 0x72616e64;  // "rand"
constexpr uint32_t kGridPurpose = 0x67726964;    // "grid"
constexpr uint32_t kBlockPurpose = 0x626c6f63;   // "bloc"

CLIPA_ROW Words draw_words(const MaskKey& key, uint32_t purpose, int64_t block) {
  return philox(key.seed, purpose, key.epoch, key.sample, static_cast<uint32_t>(block), 0);
}

// Selection sampling: a patch stays when its draw is below the number still wanted.
CLIPA_ROW void random_mask(const Mask& mask, const MaskKey& key, int32_t* out) {
  const int64_t patches = mask.grid * mask.grid;
  int64_t kept = 0;
  for (int64_t block = 0; kept < mask.keep; ++block) {
    const Words draws = draw_words(key, kRandomPurpose, block);
    for (int64_t k = 0; k < 4 && kept < mask.keep; ++k) {
      const int64_t patch = 4 * block + k;
      if (draw_below(draws.words[k], patches - patch) < mask.keep - kept) {
        out[kept++] = static_cast<int32_t>(patch);
      }
    }
  }
}

// One or two patches of every window of 2 x 2, as bits from top left to bottom right.
CLIPA_ROW void grid_mask(const Mask& mask, const MaskKey& key, int32_t* out) {
  const bool one = 4 * mask.keep == mask.grid * mask.grid;
  const int count = one ? 4 : 6;
  const auto pattern = [&](uint32_t word) {
    // Four bits each: the patterns of one patch, 1 2 4 8, or of two, 3 5 9 6 10 12.
    const uint32_t patterns = one ? 0x8421 : 0xca6953;
    return static_cast<int>(patterns >> 4 * draw_below(word, count) & 15);
  };
  const int64_t windows = mask.grid / 2;
  const bool by_window = mask.option == 2;
  int chosen = one ? 1 : 9;
  Words draws = draw_words(key, kGridPurpose, 0);
  int64_t drawn = 0;
  if (mask.option == 1) chosen = pattern(draws.words[0]);
  for (int64_t y = 0; y < mask.grid; ++y) {
    for (int64_t x = 0; x < mask.grid; ++x) {
      if (by_window && x % 2 == 0) {
        const int64_t window = y / 2 * windows + x / 2;
        if (window / 4 != drawn) draws = draw_words(key, kGridPurpose, drawn = window / 4);
        chosen = pattern(draws.words[window % 4]);
      }
      const int bit = 1 << (2 * (y % 2) + x % 2);
      if ((chosen & bit) != 0) *out++ = static_cast<int32_t>(y * mask.grid + x);
    }
  }
}

// Whole rows of patches that touch, and what is left over below them.
CLIPA_ROW void block_mask(const Mask& mask, const MaskKey& key, int32_t* out) {
  const int64_t width = mask.block_width, rows = mask.keep / width;
  const int64_t rest = mask.keep - rows * width, height = rows + (rest > 0 ? 1 : 0);
  const Words draws = draw_words(key, kBlockPurpose, 0);
  const auto draw = [&](int word, int64_t count) {
    return mask.option == 1 ? (count - 1) / 2 : draw_below(draws.words[word], count);
  };
  const int64_t top = draw(0, mask.grid - height + 1);
  const int64_t left = draw(1, mask.grid - width + 1);
  const int64_t start = left + draw(2, width - rest + 1);
  for (int64_t y = 0; y < height; ++y) {
    const int64_t from = y < rows ? left : start, length = y < rows ? width : rest;
    for (int64_t x = 0; x < length; ++x) {
      *out++ = static_cast<int32_t>((top + y) * mask.grid + from + x);
    }
  }
}

// Writes the mask.keep patches of one sample, ascending.
CLIPA_ROW void draw_mask(const Mask& mask, const MaskKey& key, int32_t* out) {
  switch (mask.strategy) {
    case Strategy::kGrid:
      return grid_mask(mask, key, out);
    case Strategy::kBlock:
      return block_mask(mask, key, out);
    default:
      return random_mask(mask, key, out);
  }
}

}  // namespace ort
}  // namespace clipa
