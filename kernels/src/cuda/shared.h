// A block's shared memory, handed out in pieces.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#if defined(CLIPA_CUDA_EMULATION)
// The same two classes, which check every index and watch for races.
#include "emulated_shared.h"
#else

namespace clipa {

template <class T>
class Shared {
 public:
  __device__ explicit Shared(T* first) : first_(first) {}
  __device__ T& operator[](int i) const { return first_[i]; }

 private:
  T* first_;
};

class SharedMemory {
 public:
  template <class T = float>
  __device__ Shared<T> take(int count) {
    extern __shared__ __align__(16) char memory[];
    T* first = reinterpret_cast<T*>(memory + used_);
    used_ += (count * static_cast<int>(sizeof(T)) + 15) / 16 * 16;
    return Shared<T>(first);
  }

 private:
  int used_ = 0;
};

}  // namespace clipa

#endif

namespace clipa {

// The bytes that take<T>(count) uses.
template <class T = float>
inline uint64_t shared_bytes(int64_t count) {
  return (static_cast<uint64_t>(count) * sizeof(T) + 15) / 16 * 16;
}

}  // namespace clipa
