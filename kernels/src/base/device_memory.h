// The memory of a buffer, on the device that the build is for.
#pragma once

#include <cstdint>
#include <memory>

namespace clipa {

class DeviceMemory {
 public:
  // Zeroed; throws std::bad_alloc. `device` is that of the context.
  DeviceMemory(int32_t device, uint64_t bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // Where ops find it; host code may follow the pointer only where kOnHost says so.
  char* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  static const bool kOnHost;

  // Copies from and to the host, blocking. The range lies inside.
  void write(uint64_t offset, const void* from, uint64_t bytes);
  void read(uint64_t offset, void* to, uint64_t bytes) const;

 private:
  char* data_ = nullptr;
  uint64_t bytes_ = 0;
  int32_t device_ = 0;
  std::shared_ptr<void> owner_;
};

// A range of device memory while host code works on it: the memory itself where the host can see
// it, else a copy, which goes back when the view ends if it was changed.
class HostView {
 public:
  enum class Access { kRead, kWrite };
  HostView(DeviceMemory& memory, uint64_t bytes, Access access)
      : memory_(memory), bytes_(bytes), access_(access) {
    if (DeviceMemory::kOnHost) return;
    copy_ = std::make_unique<char[]>(bytes + 1);
    memory.read(0, copy_.get(), bytes);
  }
  ~HostView() {
    if (copy_ && access_ == Access::kWrite) memory_.write(0, copy_.get(), bytes_);
  }
  HostView(const HostView&) = delete;
  HostView& operator=(const HostView&) = delete;

  char* data() const { return copy_ ? copy_.get() : memory_.data(); }

 private:
  DeviceMemory& memory_;
  const uint64_t bytes_;
  const Access access_;
  std::unique_ptr<char[]> copy_;
};

}  // namespace clipa
