// Blocks, threads and barriers on the host.
#include <cuda_runtime.h>
#include <emulated_shared.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "limits.h"

thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace {

constexpr size_t kStackBytes = 64 << 10;
constexpr int kMostThreads = 1024;

enum class State { kReady, kAtBarrier, kAtWarpBarrier, kEnded };

// Switching by setjmp and longjmp leaves the signal mask alone, which ucontext would ask the kernel
// for every time.
struct Fiber {
  ucontext_t start;
  jmp_buf place;
  bool started = false;
  State state = State::kEnded;
};

// Who touched a word of shared memory since the last barrier of the block.
struct Word {
  int write_epoch = -1, writer = -1, write_warp_epoch = 0;
  int read_epoch = -1, reader = -1, read_warp_epoch = 0;
  bool many_lanes = false, many_warps = false;
};

struct Block {
  dim3 index;
  const std::function<void()>* thread = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers;
  char* stacks = nullptr;
  jmp_buf scheduler;
  int current = 0;
  int threads = 0;
  int epoch = 0;
  std::vector<int> warp_epoch;
  std::vector<uint32_t> slots;  // of shuffles: two turns for every thread
  std::vector<int> turn;
  std::vector<char> shared;
  std::vector<Word> words;
  std::string error;

  ~Block() {
    if (stacks != nullptr) munmap(stacks, kStackBytes * kMostThreads);
  }
};

thread_local std::unique_ptr<Block> block;

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string& what) {
  throw Broken("thread " + std::to_string(block->current) + " of block " +
               std::to_string(block->index.x) + "," + std::to_string(block->index.y) + ": " + what);
}

void switch_to_scheduler() {
  Block& b = *block;
  if (_setjmp(b.fibers[b.current]->place) == 0) _longjmp(b.scheduler, 1);
}

void fiber_main() {
  for (;;) {
    try {
      (*block->thread)();
    } catch (const Broken& broken) {
      if (block->error.empty()) block->error = broken.what();
    }
    block->fibers[block->current]->state = State::kEnded;
    switch_to_scheduler();
  }
}

void resume(int number) {
  Block& b = *block;
  Fiber& fiber = *b.fibers[number];
  b.current = number;
  threadIdx = dim3(static_cast<unsigned>(number), 0, 0);
  if (_setjmp(b.scheduler) != 0) return;
  if (fiber.started) _longjmp(fiber.place, 1);
  fiber.started = true;
  getcontext(&fiber.start);
  fiber.start.uc_stack.ss_sp = b.stacks + kStackBytes * number;
  fiber.start.uc_stack.ss_size = kStackBytes;
  fiber.start.uc_link = nullptr;
  makecontext(&fiber.start, fiber_main, 0);
  setcontext(&fiber.start);
}

int count(int first, int last, State state) {
  int found = 0;
  for (int i = first; i < last; ++i) found += block->fibers[i]->state == state ? 1 : 0;
  return found;
}

// Lets warps on whose barrier all threads stand go on, then the block. False when all have ended.
bool release() {
  Block& b = *block;
  bool going = false;
  for (int first = 0; first < b.threads; first += 32) {
    const int last = std::min(first + 32, b.threads);
    const int waiting = count(first, last, State::kAtWarpBarrier);
    if (waiting == 0) continue;
    if (waiting != last - first) {
      b.error = "block " + std::to_string(b.index.x) + ": only " + std::to_string(waiting) +
                " threads of warp " + std::to_string(first / 32) +
                " reached its barrier or shuffle";
      return false;
    }
    for (int i = first; i < last; ++i) b.fibers[i]->state = State::kReady;
    going = true;
  }
  if (going) return true;
  const int waiting = count(0, b.threads, State::kAtBarrier);
  if (waiting == 0) return false;
  if (waiting != b.threads) {
    b.error = "block " + std::to_string(b.index.x) + ": only " + std::to_string(waiting) + " of " +
              std::to_string(b.threads) + " threads reached a barrier of the block";
    return false;
  }
  for (int i = 0; i < b.threads; ++i) b.fibers[i]->state = State::kReady;
  ++b.epoch;
  return true;
}

void run_block() {
  Block& b = *block;
  b.epoch = 0;
  b.warp_epoch.assign(b.threads / 32, 0);
  b.turn.assign(b.threads, 0);
  // Ones: a NaN for those who read what they did not write.
  std::fill(b.shared.begin(), b.shared.end(), '\xff');
  std::fill(b.words.begin(), b.words.end(), Word());
  for (int i = 0; i < b.threads; ++i) b.fibers[i]->state = State::kReady;
  do {
    for (int i = 0; i < b.threads && b.error.empty(); ++i) {
      if (b.fibers[i]->state == State::kReady) resume(i);
    }
  } while (b.error.empty() && release());
}

}  // namespace

namespace emulation {

void sync_threads() {
  block->fibers[block->current]->state = State::kAtBarrier;
  switch_to_scheduler();
}

void sync_warp() {
  const int number = block->current;
  block->fibers[number]->state = State::kAtWarpBarrier;
  switch_to_scheduler();
  // The first lane to go on counts for all: they are released together.
  if (number % 32 == 0) ++block->warp_epoch[number / 32];
}

uint32_t shuffle(uint32_t value, int from) {
  Block& b = *block;
  const int number = b.current;
  const int turn = b.turn[number]++ % 2;
  b.slots[turn * kMostThreads + number] = value;
  b.fibers[number]->state = State::kAtWarpBarrier;
  switch_to_scheduler();
  return b.slots[turn * kMostThreads + number / 32 * 32 + from];
}

char* shared_at(int offset, int bytes) {
  if (offset < 0 || static_cast<size_t>(offset) + bytes > block->shared.size()) {
    fail("bytes " + std::to_string(offset) + "+" + std::to_string(bytes) + " of " +
         std::to_string(block->shared.size()) + " bytes of shared memory");
  }
  return block->shared.data() + offset;
}

void fail_index(int index, int count) {
  fail("index " + std::to_string(index) + " of " + std::to_string(count) + " in shared memory");
}

void shared_read(int offset) {
  Block& b = *block;
  Word& word = b.words[offset / 4];
  const int me = b.current, warp = me / 32, warp_epoch = b.warp_epoch[warp];
  if (word.writer < 0)
    fail("reads shared memory that nobody wrote, at byte " + std::to_string(offset));
  const bool ordered =
      word.writer == me || (word.writer / 32 == warp && word.write_warp_epoch < warp_epoch);
  if (word.write_epoch == b.epoch && !ordered) {
    fail("race: reads byte " + std::to_string(offset) + " of shared memory, which thread " +
         std::to_string(word.writer) + " wrote without a barrier between");
  }
  if (word.read_epoch != b.epoch) {
    word.read_epoch = b.epoch;
    word.reader = me;
    word.many_lanes = word.many_warps = false;
  } else if (word.reader != me) {
    (word.reader / 32 == warp ? word.many_lanes : word.many_warps) = true;
  }
  word.read_warp_epoch = warp_epoch;
}

void shared_write(int offset) {
  Block& b = *block;
  Word& word = b.words[offset / 4];
  const int me = b.current, warp = me / 32, warp_epoch = b.warp_epoch[warp];
  const auto conflict = [&](int other, int other_warp_epoch) {
    return other != me && !(other / 32 == warp && other_warp_epoch < warp_epoch);
  };
  if (word.write_epoch == b.epoch && conflict(word.writer, word.write_warp_epoch)) {
    fail("race: writes byte " + std::to_string(offset) + " of shared memory, which thread " +
         std::to_string(word.writer) + " wrote without a barrier between");
  }
  if (word.read_epoch == b.epoch) {
    const bool others =
        word.many_lanes && !(word.reader / 32 == warp && word.read_warp_epoch < warp_epoch);
    if (word.many_warps || others || conflict(word.reader, word.read_warp_epoch)) {
      fail("race: writes byte " + std::to_string(offset) + " of shared memory, which thread " +
           std::to_string(word.reader) + " read without a barrier between");
    }
  }
  word.write_epoch = b.epoch;
  word.writer = me;
  word.write_warp_epoch = warp_epoch;
}

cudaError_t run_kernel(const cudaLaunchConfig_t& config, const void* kernel,
                       const std::function<void()>& thread) {
  const dim3 grid = config.gridDim, size = config.blockDim;
  if (size.x < 1 || size.x > kMostThreads || size.x % 32 != 0 || size.y != 1 || size.z != 1) {
    return refuse("a block of " + std::to_string(size.x) + " threads");
  }
  if (grid.x < 1 || grid.y < 1 || grid.y > 65535 || grid.z != 1) {
    return refuse("a grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y));
  }
  if (static_cast<int>(config.dynamicSmemBytes) > shared_limit(kernel)) {
    return refuse(std::to_string(config.dynamicSmemBytes) + " bytes of shared memory");
  }
  if (!block) {
    block = std::make_unique<Block>();
    void* stacks = mmap(nullptr, kStackBytes * kMostThreads, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED) return cudaErrorMemoryAllocation;
    block->stacks = static_cast<char*>(stacks);
    block->slots.resize(2 * kMostThreads);
  }
  Block& b = *block;
  blockDim = size;
  gridDim = grid;
  b.threads = static_cast<int>(size.x);
  b.thread = &thread;
  b.shared.resize(config.dynamicSmemBytes);
  b.words.resize(config.dynamicSmemBytes / 4 + 1);
  while (b.fibers.size() < size.x) b.fibers.push_back(std::make_unique<Fiber>());
  for (unsigned y = 0; y < grid.y; ++y) {
    for (unsigned x = 0; x < grid.x; ++x) {
      b.index = blockIdx = dim3(x, y, 0);
      run_block();
      if (b.error.empty()) continue;
      refuse(b.error);
      block.reset();  // its fibers stand in the middle of a kernel
      return cudaErrorLaunchFailure;
    }
  }
  return cudaSuccess;
}

}  // namespace emulation
