/* Exact nearest neighbours among unit vectors: a scan of 8-bit codes with error bounds, then exact
 * scores of the rows that the bounds leave.
 *
 * The exact score of a row is the float32 nearest to its inner product with the query, summed in
 * float64 in a fixed order (search/exact_score.h). Rows are ranked by it, ties by the lower row. A
 * row x is stored as x = scale * code + rest, and the length of `rest` is stored too, so by
 * Cauchy-Schwarz the score of a row is known to within a stated bound. Only rows whose upper bound
 * reaches the best lower bounds are scored exactly; hence the answer is that of a full scan in
 * exact scores, for any data, and does not depend on threads or on the instruction set.
 *
 * All functions may be called from any thread.
 */
#ifndef CLIPA_SEARCH_H
#define CLIPA_SEARCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rows of a block of codes. */
#define CLIPA_SEARCH_BLOCK 16
/* Widest vector: the 32-bit sums of the scan hold it. */
#define CLIPA_SEARCH_MAX_WIDTH 2048

enum clipa_search_flag {
  CLIPA_SEARCH_PORTABLE = 1 /* scan without the instructions of one processor; for tests */
};

/* Where the parts of an index lie in a mapped file: bytes, each a multiple of 64. 48 bytes. */
typedef struct clipa_search_layout {
  uint64_t rows;   /* f32 [count, width], unit length or zero */
  uint64_t codes;  /* u8 [blocks, groups, 16, 4]: code + 128 of row 16b+r, feature 4g+j; blocks =
                      ceil(count/16), groups = ceil(width/4); 128 where there is none */
  uint64_t scales; /* f32 [blocks * 16] */
  uint64_t errors; /* f32 [blocks * 16], upper bound of the length of the rest */
  uint64_t count;  /* 1 .. 2^32 - 1 */
  uint32_t width;  /* 1 .. CLIPA_SEARCH_MAX_WIDTH */
  uint32_t reserved;
} clipa_search_layout;

/* What a search writes, followed by `found` hits, best first. 16 bytes. */
typedef struct clipa_search_report {
  uint32_t found;
  uint32_t candidates; /* rows that the scan could not rule out */
  uint32_t scored;     /* rows scored exactly */
  uint32_t reserved;
} clipa_search_report;

typedef struct clipa_search_hit {
  uint32_t row;
  float score;
} clipa_search_hit;

/* Scales `count` rows f32 [count, width] to unit length in place (a row of zeros stays) and writes
 * their codes, scales and errors as above. A long table is encoded in parts whose counts are
 * multiples of 16. CLIPA_INVALID_ARGUMENT when a value is not finite; the message names the row. */
int32_t clipa_search_encode(float* rows, uint64_t count, uint32_t width, uint8_t* codes,
                            uint64_t codes_bytes, float* scales, float* errors,
                            uint64_t scales_bytes);

/* Opens an index in a mapped file (clipa_map_open), which it keeps mapped. */
int32_t clipa_search_open(uint64_t map, const clipa_search_layout* layout, uint64_t* index);
int32_t clipa_search_close(uint64_t index);

/* The `top` rows (1 .. count) with the highest scores against the buffer `query`, f32 [width],
 * written to the buffer `hits`: a report, then the hits. Handles only, so it may run as a
 * nonblocking call; the work happens on the threads of `context`, which keeps the message of a
 * failure. */
int32_t clipa_search_run(uint64_t context, uint64_t index, uint64_t query, uint64_t hits,
                         uint32_t top, uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
