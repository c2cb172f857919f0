// The scan: sums of codes of sixteen rows at a time.
#pragma once

#include <cstdint>

#include "search/codes.h"

namespace clipa {

typedef uint32_t BlockSums __attribute__((vector_size(64)));

// Sums of (code + 128) * query code of the rows of a block, modulo 2^32: whole numbers, so both
// give the same bits.
BlockSums block_sums_portable(const uint8_t* block, const QueryCodes& query);
BlockSums block_sums(const uint8_t* block, const QueryCodes& query);

}  // namespace clipa
