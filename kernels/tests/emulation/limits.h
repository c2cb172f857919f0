// What the parts of the emulation know of each other: limits, the words of a refusal, work put off.
#pragma once

#include <cuda_runtime.h>

#include <string>

namespace emulation {

// Keeps the words for cudaGetErrorString.
cudaError_t refuse(const std::string& why);

// Bytes of shared memory that a kernel may ask for; `set`, if not negative, becomes the limit.
int shared_limit(const void* kernel, int set = -1);

// Runs all work that streams have put off.
cudaError_t finish_streams();

}  // namespace emulation
