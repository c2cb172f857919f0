// The ranks of this process's job: one thread that makes every call of the wire, in the order of
// the jobs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dist/wire.h"

namespace clipa {
namespace dist {

enum class Collective { kGather, kBroadcast, kReduceScatter, kAllReduce };

// A collective and its memory. The wire only ever sees this memory, never an op's operands, so
// whatever becomes of a program, nothing is written where it must not be.
struct Job {
  Collective collective = Collective::kGather;
  int root = 0;
  int64_t count = 0;  // floats; bytes for the two that move bytes
  std::vector<char> send;
  std::vector<char> receive;
  std::vector<char> result;
  bool busy = false;
  bool done = false;
};

class Communicator {
 public:
  // One per process, never destroyed: its thread may be inside the wire when the process ends.
  static Communicator& instance();

  // Starts the thread, joins the other ranks. Empty, or what went wrong.
  std::string open(uint32_t silence_ms, uint32_t timeout_ms);
  std::string close();
  void abort(const std::string& reason);
  // After a failure, once this rank has said why it ends: waits until all others have too, so that
  // none is ended by a launcher before. False when this one has not met them.
  bool part(uint32_t patience_ms);

  bool is_open() const { return open_; }
  int rank() const { return rank_; }
  int ranks() const { return ranks_; }

  // Memory of a collective that comes again and again, by a key of the caller's.
  std::shared_ptr<Job> reserve(Collective collective, int64_t key);
  // Hands a filled job to the thread. Null, or what is wrong.
  const char* submit(const std::shared_ptr<Job>& job);
  // Waits; the job may be used again after it. Null, or what is wrong.
  const char* wait(const std::shared_ptr<Job>& job);

  // What went wrong first; stays where it is, so it may be returned by an op.
  const char* failure();
  bool failed() const { return failed_; }

 private:
  Communicator() = default;
  void run(uint32_t silence_ms, uint32_t timeout_ms);
  void await_parting(std::unique_lock<std::mutex>& lock);
  bool attempt(const std::function<bool()>& work);
  bool perform(Job& job);
  bool finish(std::string problem, const char* what);
  void fail(const std::string& reason);
  void listen();

  std::unique_ptr<Wire> wire_;
  std::atomic<bool> open_{false};
  std::atomic<bool> failed_{false};
  int rank_ = 0;
  int ranks_ = 1;
  std::chrono::milliseconds timeout_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::map<std::pair<int, int64_t>, std::shared_ptr<Job>> kept_;
  std::string failure_;
  std::string abort_reason_;
  bool aborting_ = false;
  bool abort_told_ = false;
  bool closing_ = false;
  bool parting_ = false;
  std::chrono::milliseconds patience_{0};
  bool started_ = false;
  bool opened_ = false;  // open has an outcome
  bool ended_ = false;   // the thread has left the wire
};

}  // namespace dist
}  // namespace clipa
