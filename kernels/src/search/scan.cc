#include "search/scan.h"

#include <cstring>

#if defined(__AVX512F__) && defined(__AVX512VNNI__)
#include <immintrin.h>
#define CLIPA_HAS_VNNI 1
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "codes are read as little-endian words"
#endif

namespace clipa {

BlockSums block_sums_portable(const uint8_t* block, const QueryCodes& query) {
  const int64_t groups = static_cast<int64_t>(query.whole.size()) / kGroup;
  BlockSums sums = {};
  for (int64_t g = 0; g < groups; ++g) {
    BlockSums lanes;
    std::memcpy(&lanes, block + g * sizeof lanes, sizeof lanes);
    const int32_t* q = query.whole.data() + g * kGroup;
    sums += (lanes & 255) * static_cast<uint32_t>(q[0]) +
            (lanes >> 8 & 255) * static_cast<uint32_t>(q[1]) +
            (lanes >> 16 & 255) * static_cast<uint32_t>(q[2]) +
            (lanes >> 24) * static_cast<uint32_t>(q[3]);
  }
  return sums;
}

#if CLIPA_HAS_VNNI

BlockSums block_sums(const uint8_t* block, const QueryCodes& query) {
  const int64_t groups = static_cast<int64_t>(query.whole.size()) / kGroup;
  const int8_t* high = query.high.data();
  const int8_t* low = query.low.data();
  // Two chains of each half: one instruction takes five cycles.
  __m512i sums[4] = {};
  const auto add = [&](int64_t g, int chain) {
    int32_t four_high, four_low;
    std::memcpy(&four_high, high + g * kGroup, sizeof four_high);
    std::memcpy(&four_low, low + g * kGroup, sizeof four_low);
    const __m512i codes = _mm512_loadu_si512(block + g * 64);
    sums[chain] = _mm512_dpbusd_epi32(sums[chain], codes, _mm512_set1_epi32(four_high));
    sums[chain + 2] = _mm512_dpbusd_epi32(sums[chain + 2], codes, _mm512_set1_epi32(four_low));
  };
  int64_t g = 0;
  for (; g + 2 <= groups; g += 2) {
    add(g, 0);
    add(g + 1, 1);
  }
  if (g < groups) add(g, 0);
  const auto chains = [&](int half) { return (BlockSums)sums[half] + (BlockSums)sums[half + 1]; };
  return chains(0) * 128 + chains(2);
}

#else

BlockSums block_sums(const uint8_t* block, const QueryCodes& query) {
  return block_sums_portable(block, query);
}

#endif

}  // namespace clipa
