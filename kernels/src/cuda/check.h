// CUDA statuses as exceptions that end in a status of ours.
#pragma once

#include <cuda_runtime.h>

#include "base/guard.h"

namespace clipa {

inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // the error is taken; a later call must not find it
  const int32_t status = error == cudaErrorMemoryAllocation ? CLIPA_OUT_OF_MEMORY : CLIPA_INTERNAL;
  throw StatusError(status, std::string(what) + ": " + cudaGetErrorString(error));
}

}  // namespace clipa
