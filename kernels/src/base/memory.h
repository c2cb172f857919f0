// Zeroed, aligned memory of buffers and workspaces.
#pragma once

#include <cstdint>

namespace clipa {

class Memory {
 public:
  // Throws std::bad_alloc. Large blocks ask for huge pages: training walks them end to end.
  explicit Memory(uint64_t bytes);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  char* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  uint64_t bytes_ = 0;
  uint64_t mapped_ = 0;
};

}  // namespace clipa
