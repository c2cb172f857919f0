// Under the address sanitizer: while an op runs, only its operands may be touched. Operands are
// ranges of large buffers, so a read beyond one of them would otherwise land in its neighbour
// unseen.
#pragma once

#include <memory>
#include <vector>

#include "base/program.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace clipa {

class WatchedMemory {
 public:
#if defined(__SANITIZE_ADDRESS__)
  WatchedMemory(const std::vector<std::shared_ptr<Buffer>>& buffers, const Step& step)
      : buffers_(buffers) {
    for (const auto& buffer : buffers_) {
      ASAN_POISON_MEMORY_REGION(buffer->memory.data(), buffer->memory.bytes());
    }
    for (int i = 0; i < CLIPA_MAX_OPERANDS; ++i) {
      if (step.op.has(i)) ASAN_UNPOISON_MEMORY_REGION(step.op.data[i], step.bytes[i]);
    }
  }
  ~WatchedMemory() {
    for (const auto& buffer : buffers_) {
      ASAN_UNPOISON_MEMORY_REGION(buffer->memory.data(), buffer->memory.bytes());
    }
  }

 private:
  const std::vector<std::shared_ptr<Buffer>>& buffers_;
#else
  WatchedMemory(const std::vector<std::shared_ptr<Buffer>>&, const Step&) {}
#endif
};

}  // namespace clipa
