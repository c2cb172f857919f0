#include "base/team.h"

#include <sched.h>

#include <chrono>

namespace clipa {

namespace {

constexpr uint64_t kUnclaimed = 0xffffffffu;
constexpr int64_t kMaxTasks = 0x7fffffff;
// A sleeping thread takes about 50 us to wake; gaps between ops are shorter than this.
constexpr auto kSpin = std::chrono::microseconds(100);

inline void pause_core() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Team::Team(int threads) {
  for (int thread = 1; thread < threads; ++thread) {
    threads_.emplace_back([this, thread] { work(thread); });
  }
}

Team::~Team() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(int64_t count, Task task, void* data) {
  if (threads_.empty() || count <= 1 || count > kMaxTasks) {
    for (int64_t i = 0; i < count; ++i) task(data, i, 0);
    return;
  }
  count_ = count;
  task_ = task;
  data_ = data;
  done_.store(0, std::memory_order_relaxed);
  const uint64_t job = (state_.load(std::memory_order_relaxed) >> 32) + 1;
  state_.store((job << 32) | static_cast<uint64_t>(count));
  if (sleeping_.load() > 0) {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  while (claim_and_run(0)) {
  }
  for (int spins = 0; done_.load(std::memory_order_acquire) < count; ++spins) {
    if (spins < 4000) {
      pause_core();
    } else {
      sched_yield();
    }
  }
}

bool Team::claim_and_run(int thread) {
  uint64_t state = state_.load(std::memory_order_acquire);
  while ((state & kUnclaimed) != 0) {
    if (state_.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel)) {
      // The job cannot end before this task is done, so its fields are stable.
      task_(data_, count_ - static_cast<int64_t>(state & kUnclaimed), thread);
      done_.fetch_add(1, std::memory_order_release);
      return true;
    }
  }
  return false;
}

void Team::work(int thread) {
  using Clock = std::chrono::steady_clock;
  while (!stop_.load(std::memory_order_relaxed)) {
    if (claim_and_run(thread)) continue;
    const Clock::time_point asleep_at = Clock::now() + kSpin;
    bool found = false;
    while (!found && Clock::now() < asleep_at) {
      for (int i = 0; i < 32 && !found; ++i) {
        found = (state_.load(std::memory_order_relaxed) & kUnclaimed) != 0;
        pause_core();
      }
    }
    if (found) continue;
    std::unique_lock<std::mutex> lock(mutex_);
    ++sleeping_;
    wake_.wait(lock, [this] { return stop_ || (state_.load() & kUnclaimed) != 0; });
    --sleeping_;
  }
}

}  // namespace clipa
