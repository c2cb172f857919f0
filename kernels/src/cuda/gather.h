// Sums of rows by a key: the gradient of a table that was looked up.
#pragma once

#include "cuda/queue.h"

namespace clipa {

// table[k, :] = (accumulate ? table : 0) + sum of rows[i, :] with keys[i] = k, in ascending order
// of i: no atomics, so the bits are always the same. keys[count] lie in [0, entries); a key of -1
// leaves its row out.
void gather_rows(Queue& queue, const int32_t* keys, int64_t count, const float* rows, int64_t width,
                 int64_t entries, bool accumulate, float* table);

}  // namespace clipa
