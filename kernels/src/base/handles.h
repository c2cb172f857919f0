// Handles with generations: what the host holds instead of pointers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace clipa {

// One count for all tables: a handle of one kind is never one of another kind.
inline std::atomic<uint32_t> last_generation{0};

// Slots are reused, generations never are, so a disposed handle is recognised as stale.
// The upper half of a handle is the generation, the lower half the slot plus one.
template <class T>
class HandleTable {
 public:
  uint64_t add(std::shared_ptr<T> object) {
    std::lock_guard<std::mutex> lock(mutex_);
    size_t slot = 0;
    while (slot < slots_.size() && slots_[slot].object) ++slot;
    if (slot == slots_.size()) slots_.push_back({});
    slots_[slot].object = std::move(object);
    slots_[slot].generation = ++last_generation;
    return (uint64_t{slots_[slot].generation} << 32) | (slot + 1);
  }

  // Null when the handle is stale or was never given out.
  std::shared_ptr<T> get(uint64_t handle) {
    std::lock_guard<std::mutex> lock(mutex_);
    Slot* slot = find(handle);
    return slot ? slot->object : nullptr;
  }

  // Takes the object out; null when the handle is stale.
  std::shared_ptr<T> remove(uint64_t handle) {
    std::lock_guard<std::mutex> lock(mutex_);
    Slot* slot = find(handle);
    return slot ? std::move(slot->object) : nullptr;
  }

 private:
  struct Slot {
    std::shared_ptr<T> object;
    uint32_t generation = 0;
  };

  Slot* find(uint64_t handle) {
    const uint64_t index = handle & 0xffffffffu;
    if (index == 0 || index > slots_.size()) return nullptr;
    Slot& slot = slots_[index - 1];
    return slot.object && slot.generation == handle >> 32 ? &slot : nullptr;
  }

  std::mutex mutex_;
  std::vector<Slot> slots_;
};

}  // namespace clipa
