// Buffers of the CUDA build: device memory.
#include "base/device_memory.h"

#include <new>

#include "cuda/check.h"

namespace clipa {

namespace {

// Ops run on streams that do not wait for the default stream, where memory is cleared and written:
// neither call is complete on the device when it returns.
void finish_default_stream(const char* what) { check(cudaStreamSynchronize(nullptr), what); }

}  // namespace

const bool DeviceMemory::kOnHost = false;

DeviceMemory::DeviceMemory(int32_t device, uint64_t bytes) : bytes_(bytes), device_(device) {
  check(cudaSetDevice(device), "cudaSetDevice");
  void* data = nullptr;
  const cudaError_t error = cudaMalloc(&data, bytes > 0 ? bytes : 1);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw std::bad_alloc();
  }
  check(error, "cudaMalloc");
  data_ = static_cast<char*>(data);
  owner_ = std::shared_ptr<void>(data, [device](void* memory) {
    cudaSetDevice(device);
    cudaFree(memory);
  });
  check(cudaMemset(data_, 0, bytes), "cudaMemset");
  finish_default_stream("cudaMemset");
}

DeviceMemory::~DeviceMemory() = default;

void DeviceMemory::write(uint64_t offset, const void* from, uint64_t bytes) {
  if (bytes == 0) return;
  check(cudaSetDevice(device_), "cudaSetDevice");
  check(cudaMemcpy(data_ + offset, from, bytes, cudaMemcpyHostToDevice), "copy to the device");
  finish_default_stream("copy to the device");
}

void DeviceMemory::read(uint64_t offset, void* to, uint64_t bytes) const {
  if (bytes == 0) return;
  check(cudaSetDevice(device_), "cudaSetDevice");
  check(cudaMemcpy(to, data_ + offset, bytes, cudaMemcpyDeviceToHost), "copy from the device");
}

}  // namespace clipa
