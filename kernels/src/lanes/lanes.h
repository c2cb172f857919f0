// Explicit lanes: the vector type that row programs are written over.
//
// A row program is a template over L. On the CPU L is CpuLanes: one thread,
// kWidth floats a vector. Under nvcc the same templates take a type whose V is
// one float of a warp's 32 lanes, whose loads add the lane number and whose
// reductions shuffle. Compilers do not vectorise float reductions or the maths
// library, hence explicit lanes and our own exp, erf and tanh (lane_math.h).
#pragma once

#include <math.h>

#include <cstdint>

#if defined(__CUDACC__)
#define CLIPA_ROW __device__ inline
#else
#define CLIPA_ROW inline
#include "lanes/cpu_lanes.h"
#endif

namespace clipa {

// Calls body(read, write) for every vector of a row of n floats; the last one
// may be partial. read(p) and write(p, v) take a row's base pointer.
template <class L, class Body>
CLIPA_ROW void for_lanes(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + L::kWidth <= n; i += L::kWidth) {
    body([i](const float* p) { return L::load(p + i); },
         [i](float* p, typename L::V v) { L::store(p + i, v); });
  }
  if (i < n) {
    const int64_t rest = n - i;
    body([i, rest](const float* p) { return L::load_part(p + i, rest); },
         [i, rest](float* p, typename L::V v) { L::store_part(p + i, v, rest); });
  }
}

}  // namespace clipa
