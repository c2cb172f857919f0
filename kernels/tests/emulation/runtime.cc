// Devices and memory on the host.
#include <cuda_runtime.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "limits.h"

namespace {

constexpr int kUsualShared = 48 << 10;

thread_local std::string last_message;
thread_local int current_device = 0;

std::atomic<uint64_t> bytes_to_host{0};
std::atomic<int64_t> blocks_held{0};  // of device memory

// The smallest that the architectures of the build have, so that the tests see the tiled paths.
int shared_of_device() {
  const char* given = std::getenv("CLIPA_EMULATED_SHARED");
  return given != nullptr ? std::atoi(given) : 99 << 10;
}

}  // namespace

namespace emulation {

cudaError_t refuse(const std::string& why) {
  last_message = why;
  return cudaErrorInvalidValue;
}

int shared_limit(const void* kernel, int set) {
  static std::map<const void*, int> limits;
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  if (set >= 0) limits[kernel] = set;
  const auto found = limits.find(kernel);
  return found != limits.end() ? found->second : kUsualShared;
}

}  // namespace emulation

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorMemoryAllocation) return "out of memory";
  return last_message.c_str();
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
// CLIPA_EMULATED_DRIVER stands for the version of the driver; CLIPA_EMULATED_DEVICES for a number.
cudaError_t cudaDriverGetVersion(int* version) {
  const char* given = std::getenv("CLIPA_EMULATED_DRIVER");
  *version = given != nullptr ? std::atoi(given) : 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  int driver = 0;
  cudaDriverGetVersion(&driver);
  if (driver < 13000) return cudaErrorInsufficientDriver;
  const char* given = std::getenv("CLIPA_EMULATED_DEVICES");
  *count = given != nullptr ? std::atoi(given) : 1;
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}
cudaError_t cudaSetDevice(int device) {
  current_device = device;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
// CLIPA_EMULATED_BUS stands for the place of every device.
cudaError_t cudaDeviceGetPCIBusId(char* text, int bytes, int device) {
  const char* given = std::getenv("CLIPA_EMULATED_BUS");
  std::snprintf(text, static_cast<size_t>(bytes), "0000:%02x:00.0",
                given != nullptr ? std::atoi(given) : device);
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? 8 : shared_of_device();
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** memory, size_t bytes) {
  if (bytes > size_t{1} << 40) return cudaErrorMemoryAllocation;
  *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*memory, 0xff, bytes);
  ++blocks_held;
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  emulation::finish_streams();
  --blocks_held;
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMemset(void* memory, int value, size_t bytes) {
  std::memset(memory, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDeviceToHost) bytes_to_host += bytes;
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return emulation::enqueue(stream, [=] {
    std::memmove(to, from, bytes);
    return cudaSuccess;
  });
}
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  if (value > shared_of_device())
    return emulation::refuse(std::to_string(value) + " bytes of shared memory");
  emulation::shared_limit(kernel, value);
  return cudaSuccess;
}

// What tests count: bytes copied to the host, and blocks of device memory that are not free.
#define EMULATION_EXPORT extern "C" __attribute__((visibility("default")))
EMULATION_EXPORT uint64_t emulation_bytes_to_host() { return bytes_to_host; }
EMULATION_EXPORT int64_t emulation_blocks_held() { return blocks_held; }
