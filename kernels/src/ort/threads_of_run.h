// How many threads the run on this thread has. A custom op cannot ask ONNX Runtime, but it is
// called on the thread that started the run.
#pragma once

#include <cstdint>

namespace clipa {
namespace ort {

class ThreadsOfRun {
 public:
  explicit ThreadsOfRun(int32_t threads) : before_(current()) { current() = threads; }
  ~ThreadsOfRun() { current() = before_; }
  ThreadsOfRun(const ThreadsOfRun&) = delete;
  ThreadsOfRun& operator=(const ThreadsOfRun&) = delete;

  // 1 in a session that is not ours.
  static int32_t& current() {
    thread_local int32_t threads = 1;
    return threads;
  }

 private:
  const int32_t before_;
};

}  // namespace ort
}  // namespace clipa
