// Kernels and their launch: device code, for .cu files only.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>

#include "cuda/check.h"
#include "cuda/queue.h"

namespace clipa {

// The first thing that was wrong: 0, or 1 + number of the op * kWrongKinds + kind. Device code
// only.
struct Report {
  int32_t* word;
  int32_t op;
  __device__ void operator()(Wrong wrong) const {
    atomicCAS(word, 0, 1 + op * kWrongKinds + static_cast<int32_t>(wrong));
  }
};

inline Report report_of(const Queue& queue) { return {queue.problem, queue.op}; }

// `parameters` are those of the kernel; `arguments` convert to them.
template <class... Parameters, class... Arguments>
void launch(const Queue& queue, void (*kernel)(Parameters...), dim3 grid, int threads,
            uint64_t shared, Arguments... arguments) {
  if (queue.planning) return;
  constexpr uint64_t kUsual = 48 << 10;
  if (shared > kUsual) {
    check(
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)),
        "shared memory of a kernel");
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = shared;
  config.stream = queue.stream;
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...),
        "launch of a kernel");
}

constexpr int kThreads = 256;
constexpr int64_t kMostBlocks = 1 << 20;

inline unsigned blocks_of(int64_t items, int64_t per_block) {
  return static_cast<unsigned>(std::min((items + per_block - 1) / per_block, kMostBlocks));
}

template <class Body>
__global__ void each_kernel(int64_t count, Body body) {
  const int64_t stride = int64_t{blockDim.x} * gridDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) body(i);
}

// body(i) for every i below count, each on a thread.
template <class Body>
void each(const Queue& queue, int64_t count, Body body) {
  launch(queue, each_kernel<Body>, dim3(blocks_of(count, kThreads)), kThreads, 0, count, body);
}

template <class Body>
__global__ void rows_kernel(int64_t rows, Body body) {
  const int64_t warps = blockDim.x / 32;
  for (int64_t row = blockIdx.x * warps + threadIdx.x / 32; row < rows; row += warps * gridDim.x) {
    body(row);
  }
}

// body(row) for every row, each on a warp: for row programs over WarpLanes.
template <class Body>
void rows(const Queue& queue, int64_t count, Body body) {
  constexpr int kWarps = 4;
  launch(queue, rows_kernel<Body>, dim3(blocks_of(count, kWarps)), kWarps * 32, 0, count, body);
}

}  // namespace clipa
