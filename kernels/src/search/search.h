// One search: scan, bounds, exact scores.
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.h"
#include "clipa_search.h"

namespace clipa {

// The parts of an index in mapped memory; see clipa_search_layout.
struct SearchTable {
  const float* rows;
  const uint8_t* codes;
  const float* scales;
  const float* errors;
  int64_t count;
  int64_t width;
};

struct SearchResult {
  std::vector<clipa_search_hit> hits;  // best first
  uint32_t candidates = 0;
  uint32_t scored = 0;
};

// Worker thread of the context only. Throws std::bad_alloc.
SearchResult search(Context& context, const SearchTable& table, const float* query, uint32_t top,
                    bool portable);

}  // namespace clipa
