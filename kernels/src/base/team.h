// The context's threads: they claim the tasks of one op after the other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace clipa {

// A team waits only for tasks that somebody has claimed, so a thread that the system has put aside
// delays an op by at most the task it holds. (An OpenMP barrier waits for every thread: with
// another busy process on two cores a step took five times as long as with one thread.)
class Team {
 public:
  using Task = void (*)(void* data, int64_t task, int thread);

  // The caller of run() is thread 0, so `threads - 1` are started.
  explicit Team(int threads);
  ~Team();

  // Runs tasks 0..count-1 on all threads and returns when all are done. One caller at a time.
  void run(int64_t count, Task task, void* data);

 private:
  bool claim_and_run(int thread);
  void work(int thread);

  // Upper half: number of the job; lower half: tasks not yet claimed. A claim is a compare-and-swap
  // of both, so a late thread can never take a task of a job it has not seen.
  std::atomic<uint64_t> state_{0};
  std::atomic<int64_t> done_{0};
  int64_t count_ = 0;
  Task task_ = nullptr;
  void* data_ = nullptr;

  std::atomic<int> sleeping_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
};

}  // namespace clipa
