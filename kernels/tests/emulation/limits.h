// What a launch and the functions of the runtime both know: limits, and the words of a refusal.
#pragma once

#include <cuda_runtime.h>

#include <string>

namespace emulation {

// Keeps the words for cudaGetErrorString.
cudaError_t refuse(const std::string& why);

// Bytes of shared memory that a kernel may ask for; `set`, if not negative, becomes the limit.
int shared_limit(const void* kernel, int set = -1);

}  // namespace emulation
