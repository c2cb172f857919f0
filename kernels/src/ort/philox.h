// Philox4x32-10 (Salmon et al., SC 2011), the twin of src/tensor/random.ts.
#pragma once

#include <cstdint>

#include "lanes/lanes.h"

namespace clipa {

struct Words {
  uint32_t words[4];
};

// Four random words as a pure function of a key of two words and a counter of four.
CLIPA_ROW Words philox(uint32_t key0, uint32_t key1, uint32_t c0, uint32_t c1, uint32_t c2,
                       uint32_t c3) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xd2511f53} * c0;
    const uint64_t b = uint64_t{0xcd9e8d57} * c2;
    c0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ key0;
    c2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ key1;
    c1 = static_cast<uint32_t>(b);
    c3 = static_cast<uint32_t>(a);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  return {{c0, c1, c2, c3}};
}

// A whole number from 0 to count - 1: the upper half of word x count.
CLIPA_ROW int64_t draw_below(uint32_t word, int64_t count) {
  return static_cast<int64_t>(uint64_t{word} * static_cast<uint64_t>(count) >> 32);
}

}  // namespace clipa
