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

#include "base/op.h"
#include "base/team.h"

namespace clipa {

// What is wrong with the data of an op (an id out of range); null = nothing.
struct Problem {
  const char* what = nullptr;
  uint64_t op = 0;  // its number since the last finish()
};

// Ops as a device recorded them, to be replayed with one call.
class Recording {
 public:
  virtual ~Recording() = default;
};

class Context {
 public:
  // Throws StatusError when there is no such device.
  Context(int threads, int32_t device, uint32_t precision);
  ~Context();

  int threads() const { return threads_; }
  int32_t device() const { return device_number_; }
  uint32_t precision() const { return precision_; }
  // Where the device queues ops, as CUDA's stream; null on the CPU.
  void* stream() const;

  // Runs `work` on the context's own thread and waits for it. One caller at a time. All native work
  // goes through this thread, so that there is one team, whichever thread the host calls from.
  int32_t on_worker(const std::function<int32_t()>& work);

  // The four that each build has of its own. Worker thread only.
  // Makes what ops will need; workspaces grow when ops are checked, never while they run.
  void reserve(const std::vector<Step>& steps);
  // Runs one op, or puts it into the device's queue.
  Problem run(const Step& step);
  // Waits for the queue.
  Problem finish();
  // Records ops that ran before; null where the device cannot. replay() queues them; false when the
  // recording no longer holds.
  std::unique_ptr<Recording> record(const std::vector<Step>& steps);
  bool replay(Recording& recording);

  // Runs tasks on the team. Worker thread only.
  void parallel(int64_t count, Team::Task task, void* data) { team_.run(count, task, data); }

  void account(int64_t bytes);
  uint64_t memory() const { return memory_; }
  uint64_t peak_memory() const { return peak_memory_; }

  std::atomic<int32_t> cancelled{0};

  void set_error(const std::string& message);
  std::string error();

 private:
  struct Device;  // each build has its own
  void work_loop();

  const int threads_;
  const int32_t device_number_;
  const uint32_t precision_;  // clipa_precision
  Team team_;
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
  std::shared_ptr<Device> device_;  // shared: only its own build knows how to end it
  std::thread worker_;
};

}  // namespace clipa
