// A context: one worker thread that leads a team, its memory account and its last error.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/memory.h"
#include "base/op.h"
#include "base/team.h"

namespace clipa {

class Context {
 public:
  explicit Context(int threads);
  ~Context();

  int threads() const { return threads_; }

  // Runs `work` on the context's own thread and waits for it. One caller at a time. All native work
  // goes through this thread, so that there is one team, whichever thread the host calls from.
  int32_t on_worker(const std::function<int32_t()>& work);

  // Workspaces grow when ops are checked, never while they run.
  void reserve(uint64_t workspace, uint64_t scratch_per_thread);

  // Runs one checked op. Null, or what is wrong with the data. Worker thread only.
  const char* run(const OpSpec& spec, const Op& op);

  // Runs tasks on the team. Worker thread only.
  void parallel(int64_t count, Team::Task task, void* data) { team_.run(count, task, data); }

  void account(int64_t bytes);
  uint64_t memory() const { return memory_; }
  uint64_t peak_memory() const { return peak_memory_; }

  std::atomic<int32_t> cancelled{0};

  void set_error(const std::string& message);
  std::string error();

 private:
  struct Phase;
  static void run_task(void* data, int64_t task, int thread);
  void work_loop();

  const int threads_;
  Team team_;
  std::unique_ptr<Memory> workspace_;
  std::unique_ptr<Memory> scratch_;
  uint64_t scratch_stride_ = 0;
  std::atomic<uint64_t> memory_{0};
  std::atomic<uint64_t> peak_memory_{0};

  std::mutex error_mutex_;
  std::string error_;

  std::mutex call_mutex_;  // one call at a time
  std::mutex mutex_;       // guards the three below
  std::condition_variable changed_;
  const std::function<int32_t()>* work_ = nullptr;
  int32_t result_ = 0;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace clipa
