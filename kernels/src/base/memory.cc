#include "base/memory.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace clipa {

#if defined(__SANITIZE_ADDRESS__)

// From the sanitizer's heap, whose red zones show a read or write beyond the end.
Memory::Memory(uint64_t bytes) : bytes_(bytes) {
  if (bytes > (uint64_t{1} << 46)) throw std::bad_alloc();
  data_ = static_cast<char*>(::operator new (bytes, std::align_val_t{64}));
  std::memset(data_, 0, bytes);
}

Memory::~Memory() { ::operator delete (data_, std::align_val_t{64}); }

#else

namespace {
constexpr uint64_t kHugePage = 2u << 20;
constexpr uint64_t kPage = 4096;
}  // namespace

Memory::Memory(uint64_t bytes) : bytes_(bytes) {
  if (bytes > (uint64_t{1} << 46)) throw std::bad_alloc();
  // Anonymous mappings are zeroed and page-aligned; small ones share the same path.
  const uint64_t unit = bytes >= kHugePage ? kHugePage : kPage;
  mapped_ = (bytes + unit - 1) / unit * unit;
  if (mapped_ == 0) mapped_ = kPage;
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<char*>(memory);
  if (unit == kHugePage) madvise(memory, mapped_, MADV_HUGEPAGE);
}

Memory::~Memory() { munmap(data_, mapped_); }

#endif

}  // namespace clipa
