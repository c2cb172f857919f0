#include "base/context.h"

#include <algorithm>
#include <new>

#include "clipa_status.h"

namespace clipa {

namespace {
constexpr uint64_t kAlign = 64;
uint64_t aligned(uint64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }
}  // namespace

Context::Context(int threads)
    : threads_(threads), team_(threads), worker_([this] { work_loop(); }) {}

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

void Context::reserve(uint64_t workspace, uint64_t scratch_per_thread) {
  if (!workspace_ || workspace_->bytes() < workspace) {
    if (workspace_) account(-static_cast<int64_t>(workspace_->bytes()));
    workspace_.reset();
    workspace_ = std::make_unique<Memory>(workspace);
    account(static_cast<int64_t>(workspace));
  }
  const uint64_t stride = aligned(scratch_per_thread);
  if (!scratch_ || scratch_stride_ < stride) {
    if (scratch_) account(-static_cast<int64_t>(scratch_->bytes()));
    scratch_.reset();
    scratch_ = std::make_unique<Memory>(stride * threads_);
    scratch_stride_ = stride;
    account(static_cast<int64_t>(stride * threads_));
  }
}

struct Context::Phase {
  const OpSpec* spec;
  const Op* op;
  int phase;
  int64_t items;
  int64_t grain;
  Context* context;
  std::atomic<const char*>* problem;
};

void Context::run_task(void* data, int64_t task, int thread) {
  const Phase& work = *static_cast<const Phase*>(data);
  const Context& context = *work.context;
  const Run run{context.workspace_->data(),
                context.scratch_->data() + context.scratch_stride_ * thread};
  const int64_t begin = task * work.grain;
  const int64_t end = std::min(work.items, begin + work.grain);
  const char* wrong = work.spec->run(*work.op, work.phase, begin, end, run);
  if (wrong != nullptr) *work.problem = wrong;
}

const char* Context::run(const OpSpec& spec, const Op& op) {
  std::atomic<const char*> problem{nullptr};
  for (int phase = 0; phase < spec.phases; ++phase) {
    const int64_t items = spec.items(op, phase);
    const int64_t grain = std::max<int64_t>(1, spec.grain(op, phase));
    Phase work{&spec, &op, phase, items, grain, this, &problem};
    team_.run((items + grain - 1) / grain, run_task, &work);
    if (problem.load() != nullptr) break;
  }
  return problem;
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
