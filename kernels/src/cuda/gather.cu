#include <algorithm>

#include "cuda/gather.h"
#include "cuda/shared.h"
#include "cuda/sums.h"

namespace clipa {

namespace {

// A stable radix sort, eight bits at a time. Blocks of `kSortRows` rows count their digits, one
// block turns the counts into places, and then every block puts its rows there in order.
constexpr int kDigits = 256;
constexpr int kSortRows = 1024;

struct Pair {
  uint32_t key;
  int32_t row;
};

__device__ inline int digit_of(Pair pair, int shift) { return (pair.key >> shift) % kDigits; }

__global__ void count_kernel(const Pair* pairs, int64_t count, int shift, int32_t* counts) {
  SharedMemory memory;
  Shared<int32_t> digits = memory.take<int32_t>(kSortRows);
  const int64_t first = int64_t{blockIdx.x} * kSortRows;
  const int rows = static_cast<int>(count - first < kSortRows ? count - first : kSortRows);
  for (int i = threadIdx.x; i < rows; i += kDigits) digits[i] = digit_of(pairs[first + i], shift);
  __syncthreads();
  int32_t found = 0;
  for (int i = 0; i < rows; ++i) found += digits[i] == static_cast<int>(threadIdx.x) ? 1 : 0;
  counts[int64_t{threadIdx.x} * gridDim.x + blockIdx.x] = found;  // [digit, block]
}

// counts -> the sum of all counts before it. One block; a thread owns a stretch.
__global__ void place_kernel(int32_t* counts, int64_t total) {
  SharedMemory memory;
  Shared<int32_t> sums = memory.take<int32_t>(kThreads);
  const int64_t begin = threadIdx.x * total / kThreads;
  const int64_t end = (threadIdx.x + 1) * total / kThreads;
  int32_t sum = 0;
  for (int64_t i = begin; i < end; ++i) sum += counts[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  int32_t before = 0;
  for (int i = 0; i < static_cast<int>(threadIdx.x); ++i) before += sums[i];
  for (int64_t i = begin; i < end; ++i) {
    const int32_t here = counts[i];
    counts[i] = before;
    before += here;
  }
}

__global__ void scatter_kernel(const Pair* pairs, int64_t count, int shift, const int32_t* counts,
                               Pair* sorted) {
  SharedMemory memory;
  Shared<int32_t> digits = memory.take<int32_t>(kSortRows);
  const int64_t first = int64_t{blockIdx.x} * kSortRows;
  const int rows = static_cast<int>(count - first < kSortRows ? count - first : kSortRows);
  for (int i = threadIdx.x; i < rows; i += kDigits) digits[i] = digit_of(pairs[first + i], shift);
  __syncthreads();
  // A thread owns a digit and walks the rows in order, which is what makes the sort stable.
  int32_t place = counts[int64_t{threadIdx.x} * gridDim.x + blockIdx.x];
  for (int i = 0; i < rows; ++i) {
    if (digits[i] == static_cast<int>(threadIdx.x)) sorted[place++] = pairs[first + i];
  }
}

// table rows of one key and some columns; kStripRows partial sums, added up in order.
__global__ void segment_kernel(const Pair* sorted, const int32_t* starts, const float* rows,
                               int64_t width, bool accumulate, float* table) {
  const int64_t entry = blockIdx.x;
  const int x = threadIdx.x % kStripColumns;
  const int y = threadIdx.x / kStripColumns;
  const int64_t column = int64_t{blockIdx.y} * kStripColumns + x;
  const int32_t first = starts[2 * entry], last = starts[2 * entry + 1];
  float sum = 0;
  if (column < width) {
    for (int32_t i = first + y; i < last; i += kStripRows) {
      sum += rows[sorted[i].row * width + column];
    }
  }
  SharedMemory memory;
  Shared<float> sums = memory.take(kThreads);
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (y != 0 || column >= width) return;
  for (int i = 1; i < kStripRows; ++i) sum += sums[i * kStripColumns + x];
  float* out = table + entry * width + column;
  *out = accumulate ? *out + sum : sum;
}

}  // namespace

void gather_rows(Queue& queue, const int32_t* keys, int64_t count, const float* rows, int64_t width,
                 int64_t entries, bool accumulate, float* table) {
  Pair* pairs = queue.take<Pair>(count);
  Pair* other = queue.take<Pair>(count);
  const int64_t blocks = (count + kSortRows - 1) / kSortRows;
  int32_t* counts = queue.take<int32_t>(kDigits * blocks);
  int32_t* starts = queue.take<int32_t>(2 * entries);
  // A row that is left out sorts behind all entries.
  each(queue, count, [=] __device__(int64_t i) {
    pairs[i].key = static_cast<uint32_t>(keys[i] < 0 ? entries : keys[i]);
    pairs[i].row = static_cast<int32_t>(i);
  });
  for (int shift = 0; shift < 32 && entries >> shift > 0; shift += 8) {
    const dim3 grid(static_cast<unsigned>(blocks));
    const uint64_t shared = shared_bytes<int32_t>(kSortRows);
    launch(queue, count_kernel, grid, kDigits, shared, pairs, count, shift, counts);
    launch(queue, place_kernel, dim3(1), kThreads, shared_bytes<int32_t>(kThreads), counts,
           kDigits * blocks);
    launch(queue, scatter_kernel, grid, kDigits, shared, pairs, count, shift, counts, other);
    std::swap(pairs, other);
  }
  const Pair* sorted = pairs;
  each(queue, 2 * entries, [=] __device__(int64_t i) { starts[i] = 0; });
  each(queue, count, [=] __device__(int64_t i) {
    const int64_t key = sorted[i].key;
    if (key >= entries) return;
    if (i == 0 || sorted[i - 1].key != key) starts[2 * key] = static_cast<int32_t>(i);
    if (i + 1 == count || sorted[i + 1].key != key) {
      starts[2 * key + 1] = static_cast<int32_t>(i + 1);
    }
  });
  launch(queue, segment_kernel,
         dim3(static_cast<unsigned>(entries),
              static_cast<unsigned>((width + kStripColumns - 1) / kStripColumns)),
         kThreads, shared_bytes(kThreads), sorted, starts, rows, width, accumulate, table);
}

}  // namespace clipa
