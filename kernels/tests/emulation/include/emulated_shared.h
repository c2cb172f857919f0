// Shared memory that checks every index and every pair of accesses: two threads may touch a value,
// one of them writing, only when a barrier lies between; and what nobody wrote may not be read.
#pragma once

#include <cstdint>

namespace emulation {

// Byte `offset` of the block's shared memory, for `bytes` bytes; fails the kernel when there is no
// such place.
char* shared_at(int offset, int bytes);
void shared_read(int offset);
void shared_write(int offset);
[[noreturn]] void fail_index(int index, int count);

}  // namespace emulation

namespace clipa {

template <class T>
class Shared {
 public:
  Shared(int offset, int count) : offset_(offset), count_(count) {}

  class Place {
   public:
    Place(int offset) : offset_(offset) {}
    operator T() const {
      emulation::shared_read(offset_);
      return *value();
    }
    Place& operator=(T x) {
      emulation::shared_write(offset_);
      *value() = x;
      return *this;
    }
    Place& operator=(const Place& other) { return *this = static_cast<T>(other); }
    Place& operator+=(T x) { return *this = static_cast<T>(*this) + x; }

   private:
    T* value() const { return reinterpret_cast<T*>(emulation::shared_at(offset_, sizeof(T))); }
    int offset_;
  };

  Place operator[](int i) const {
    if (i < 0 || i >= count_) emulation::fail_index(i, count_);
    return Place(offset_ + i * static_cast<int>(sizeof(T)));
  }

 private:
  int offset_, count_;
};

class SharedMemory {
 public:
  template <class T = float>
  Shared<T> take(int count) {
    const int offset = used_;
    used_ += (count * static_cast<int>(sizeof(T)) + 15) / 16 * 16;
    emulation::shared_at(offset, count * static_cast<int>(sizeof(T)));
    return Shared<T>(offset, count);
  }

 private:
  int used_ = 0;
};

}  // namespace clipa
