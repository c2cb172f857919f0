// Sums over rows and over everything, in an order that the dimensions alone decide.
#pragma once

#include <algorithm>

#include "cuda/launch.h"
#include "cuda/shared.h"

namespace clipa {

constexpr int kStripColumns = 32;  // columns of a block
constexpr int kStripRows = 8;      // rows that it adds up at a time

// partials[chunk, column] = sum over the chunk's rows of value(row, column).
template <class Value>
__global__ void strip_kernel(int64_t rows, int64_t width, Value value, float* partials) {
  const int x = threadIdx.x % kStripColumns;
  const int y = threadIdx.x / kStripColumns;
  const int64_t column = int64_t{blockIdx.x} * kStripColumns + x;
  const int64_t first = blockIdx.y * rows / gridDim.y;
  const int64_t last = (blockIdx.y + 1) * rows / gridDim.y;
  float sum = 0;
  if (column < width) {
    for (int64_t row = first + y; row < last; row += kStripRows) sum += value(row, column);
  }
  SharedMemory memory;
  Shared<float> sums = memory.take(kThreads);
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (y == 0 && column < width) {
    for (int i = 1; i < kStripRows; ++i) sum += sums[i * kStripColumns + x];
    partials[blockIdx.y * width + column] = sum;
  }
}

__device__ inline void add_up(int64_t column, int64_t chunks, int64_t stride, const float* partials,
                              bool accumulate, float* out) {
  float sum = accumulate ? out[column] : 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += partials[chunk * stride + column];
  out[column] = sum;
}

// out[column] = (accumulate ? out : 0) + sum over rows of value(row, column).
template <class Value>
void column_sums(Queue& queue, int64_t rows, int64_t width, bool accumulate, float* out,
                 Value value) {
  const int64_t strips = (width + kStripColumns - 1) / kStripColumns;
  const int64_t chunks = std::clamp<int64_t>(rows / 64, 1, std::max<int64_t>(1, 1024 / strips));
  float* partials = queue.take(chunks * width);
  launch(queue, strip_kernel<Value>,
         dim3(static_cast<unsigned>(strips), static_cast<unsigned>(chunks)), kThreads,
         shared_bytes(kThreads), rows, width, value, partials);
  each(queue, width, [=] __device__(int64_t column) {
    add_up(column, chunks, width, partials, accumulate, out);
  });
}

// result(sum over i of value(i), sum over i of other(i)), added up in double by one block.
template <class Value, class Result>
__global__ void total_kernel(int64_t count, Value value, Result result) {
  SharedMemory memory;
  Shared<double> sums = memory.take<double>(kThreads);
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) sum += value(i);
  sums[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  if (threadIdx.x == 0) result(sums[0]);
}

template <class Value, class Result>
void total(const Queue& queue, int64_t count, Value value, Result result) {
  launch(queue, total_kernel<Value, Result>, dim3(1), kThreads, shared_bytes<double>(kThreads),
         count, value, result);
}

}  // namespace clipa
