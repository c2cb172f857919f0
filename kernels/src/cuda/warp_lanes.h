// Lanes of a warp: what row programs (lanes/) are written over on CUDA. V is one float of each of
// 32 threads; loads and stores add the thread's number.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/shared.h"
#include "lanes/lanes.h"

namespace clipa {

struct WarpLanes {
  static constexpr int kWidth = 32;
  using V = float;

  static __device__ int lane() { return threadIdx.x % 32; }

  static __device__ V splat(float x) { return x; }
  static __device__ V load(const float* p) { return p[lane()]; }
  static __device__ void store(float* p, V x) { p[lane()] = x; }
  static __device__ V load_part(const float* p, int64_t n, float rest = 0) {
    return lane() < n ? p[lane()] : rest;
  }
  static __device__ void store_part(float* p, V x, int64_t n) {
    if (lane() < n) p[lane()] = x;
  }

  // A NaN in b is kept; a NaN in a is dropped.
  static __device__ V max(V a, V b) { return a > b ? a : b; }
  static __device__ V min(V a, V b) { return a < b ? a : b; }
  static __device__ V abs(V x) { return fabsf(x); }
  static __device__ V with_sign(V x, V s) { return copysignf(x, s); }
  static __device__ V exp2_whole(V n) { return __int_as_float((static_cast<int>(n) + 127) << 23); }
  static __device__ V sqrt(V x) { return sqrtf(x); }

  // Every lane gets the result. The order is that of a butterfly, the same for every warp.
  static __device__ float reduce_sum(V x) {
    for (int distance = 16; distance > 0; distance /= 2) {
      x += __shfl_xor_sync(0xffffffffu, x, distance);
    }
    return x;
  }
  static __device__ float reduce_max(V x) {
    for (int distance = 16; distance > 0; distance /= 2) {
      x = max(__shfl_xor_sync(0xffffffffu, x, distance), x);
    }
    return x;
  }
};

}  // namespace clipa
