// Buffers of the CPU build: host memory.
#include "base/device_memory.h"

#include <cstring>

#include "base/memory.h"

namespace clipa {

const bool DeviceMemory::kOnHost = true;

DeviceMemory::DeviceMemory(int32_t, uint64_t bytes) : bytes_(bytes) {
  auto memory = std::make_shared<Memory>(bytes);
  data_ = memory->data();
  owner_ = std::move(memory);
}

DeviceMemory::~DeviceMemory() = default;

void DeviceMemory::write(uint64_t offset, const void* from, uint64_t bytes) {
  if (bytes > 0) std::memcpy(data_ + offset, from, bytes);
}

void DeviceMemory::read(uint64_t offset, void* to, uint64_t bytes) const {
  if (bytes > 0) std::memcpy(to, data_ + offset, bytes);
}

}  // namespace clipa
