#include "base/context.h"

#include <new>

#include "base/guard.h"
#include "clipa_status.h"

namespace clipa {

Context::~Context() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void Context::work_loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || work_ != nullptr; });
    if (stop_) return;
    const std::function<int32_t()>* work = work_;
    lock.unlock();
    int32_t result = CLIPA_INTERNAL;
    try {
      result = (*work)();
    } catch (const std::bad_alloc&) {
      set_error("out of memory");
      result = CLIPA_OUT_OF_MEMORY;
    } catch (const StatusError& error) {
      set_error(error.what());
      result = error.status();
    } catch (...) {
      set_error("unexpected exception in native code");
    }
    lock.lock();
    result_ = result;
    work_ = nullptr;
    changed_.notify_all();
  }
}

int32_t Context::on_worker(const std::function<int32_t()>& work) {
  std::lock_guard<std::mutex> call(call_mutex_);
  std::unique_lock<std::mutex> lock(mutex_);
  work_ = &work;
  changed_.notify_all();
  changed_.wait(lock, [this] { return work_ == nullptr; });
  return result_;
}

void Context::account(int64_t bytes) {
  const uint64_t now = memory_ += static_cast<uint64_t>(bytes);
  uint64_t peak = peak_memory_;
  while (now > peak && !peak_memory_.compare_exchange_weak(peak, now)) {
  }
}

void Context::set_error(const std::string& message) {
  std::lock_guard<std::mutex> lock(error_mutex_);
  error_ = message;
}

std::string Context::error() {
  std::lock_guard<std::mutex> lock(error_mutex_);
  return error_;
}

}  // namespace clipa
