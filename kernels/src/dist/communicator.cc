#include "dist/communicator.h"

#include <sched.h>

#include <climits>
#include <cstring>

namespace clipa {
namespace dist {

namespace {

using Clock = std::chrono::steady_clock;

// Part `rank` of what every rank sent, added up in the order of the ranks.
void add_up(const float* parts, int ranks, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    double sum = parts[i];
    for (int r = 1; r < ranks; ++r) sum += parts[r * count + i];
    out[i] = static_cast<float>(sum);
  }
}

}  // namespace

Communicator& Communicator::instance() {
  static auto* only = new Communicator();
  return *only;
}

std::string Communicator::open(uint32_t silence_ms, uint32_t timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (started_) return "the ranks are open already, or were closed; a process joins once";
  try {
    wire_ = make_wire();
  } catch (const std::exception& error) {
    return error.what();
  }
  started_ = true;
  std::thread([this, silence_ms, timeout_ms] { run(silence_ms, timeout_ms); }).detach();
  changed_.wait(lock, [this] { return opened_; });
  return open_ ? "" : failure_;
}

void Communicator::run(uint32_t silence_ms, uint32_t timeout_ms) {
  timeout_ = std::chrono::milliseconds(timeout_ms);
  std::string problem;
  try {
    problem = wire_->join(std::chrono::milliseconds(silence_ms), timeout_);
    rank_ = wire_->rank();
    ranks_ = wire_->ranks();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty()) fail(problem);
  std::unique_lock<std::mutex> lock(mutex_);
  open_ = problem.empty();
  opened_ = true;
  changed_.notify_all();
  while (open_ && !failed_) {
    // The ranks' signs of life go on while there is nothing to do.
    changed_.wait_for(lock, std::chrono::milliseconds(100), [this] {
      return !queue_.empty() || closing_ || failed_ || (aborting_ && !abort_told_);
    });
    if (queue_.empty() && closing_) break;
    std::shared_ptr<Job> job;
    if (!queue_.empty()) {
      job = queue_.front();
      queue_.pop_front();
    }
    lock.unlock();
    listen();
    const bool good = job && !failed_ && attempt([&] { return perform(*job); });
    lock.lock();
    if (job && good) job->done = true;
    if (job) changed_.notify_all();
  }
  const bool whole = open_ && !failed_;
  lock.unlock();
  if (whole) {
    // Leaving may wait without sleeping, so all come here together first.
    char none = 0;
    std::vector<char> all(ranks_);
    attempt([&] {
      if (!finish(wire_->gather(&none, all.data(), 1, Element::kByte), "a gathering")) return false;
      const std::string why = wire_->leave();
      if (!why.empty()) fail(why);
      return why.empty();
    });
  }
  lock.lock();
  if (failed_) await_parting(lock);
  open_ = false;
  ended_ = true;
  changed_.notify_all();
}

// What the others say finds a listener until this rank ends.
void Communicator::await_parting(std::unique_lock<std::mutex>& lock) {
  Clock::time_point until = Clock::time_point::max();
  bool all = false;
  while (!all && Clock::now() < until && (parting_ || !closing_)) {
    const bool said = parting_;
    if (said && until == Clock::time_point::max()) until = Clock::now() + patience_;
    lock.unlock();
    all = wire_->part(said, failure_) && said;
    lock.lock();
    if (all) break;
    const auto pause = std::chrono::milliseconds(parting_ ? 5 : 100);
    changed_.wait_for(lock, pause, [this, said] { return closing_ || parting_ != said; });
  }
}

// What a device refuses comes as an exception.
bool Communicator::attempt(const std::function<bool()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    fail(error.what());
    return false;
  }
}

std::string Communicator::close() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!started_ || ended_) return "";
  closing_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return ended_; });
  return failure_;
}

void Communicator::abort(const std::string& reason) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!open_ || failed_ || aborting_) return;
  aborting_ = true;
  abort_reason_ = reason;
  changed_.notify_all();
  changed_.wait_for(lock, std::chrono::seconds(2), [this] { return abort_told_ || failed_; });
}

bool Communicator::part(uint32_t patience_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!opened_) return false;
  patience_ = std::chrono::milliseconds(patience_ms);
  parting_ = true;
  changed_.notify_all();
  // The thread may be in a call of the wire's that does not return.
  changed_.wait_for(lock, patience_ + std::chrono::seconds(1), [this] { return ended_; });
  return true;
}

std::shared_ptr<Job> Communicator::reserve(Collective collective, int64_t key) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<Job>& job = kept_[{static_cast<int>(collective), key}];
  if (!job) job = std::make_shared<Job>();
  job->collective = collective;
  return job;
}

const char* Communicator::submit(const std::shared_ptr<Job>& job) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failed_) return failure_.c_str();
  if (!open_ || closing_) return "the ranks are not open; call clipa_dist_open first";
  if (job->busy) return "this collective is under way already";
  job->busy = true;
  job->done = false;
  queue_.push_back(job);
  changed_.notify_all();
  return nullptr;
}

const char* Communicator::wait(const std::shared_ptr<Job>& job) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!job->busy) return "this collective was not started";
  changed_.wait(lock, [&] { return job->done || failed_; });
  if (!job->done) return failure_.c_str();
  job->busy = false;
  return nullptr;
}

const char* Communicator::failure() {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_.c_str();
}

// Never changed once it is set, so that whoever was given the text may keep it. On the
// communicator's thread.
void Communicator::fail(const std::string& reason) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (failed_) return;
    failure_ = reason;
    failed_ = true;
    changed_.notify_all();
  }
  wire_->abandon();
}

// Signs of life, and whether the host asks to end. On the communicator's thread.
void Communicator::listen() {
  if (failed_) return;
  std::string reason;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (aborting_) reason = abort_reason_;
  }
  if (!reason.empty()) {
    wire_->farewell(reason);
    fail(reason);
    std::lock_guard<std::mutex> lock(mutex_);
    abort_told_ = true;
    changed_.notify_all();
    return;
  }
  const std::string problem = wire_->beat();
  if (!problem.empty()) fail(problem);
}

// Waits without keeping a core busy: the ranks' own work shares the cores.
bool Communicator::finish(std::string problem, const char* what) {
  const Clock::time_point start = Clock::now();
  for (int round = 0;; ++round) {
    bool done = false;
    if (problem.empty()) problem = wire_->test(&done);
    if (!problem.empty()) {
      fail(std::string(what) + " between the ranks failed: " + problem);
      return false;
    }
    if (done) return true;
    if (round % 16 == 0) listen();
    if (failed_) return false;
    if (Clock::now() - start > timeout_) {
      fail(std::string(what) + " took longer than " + std::to_string(timeout_.count() / 1000) +
           " s: a rank lives but does not take part; set CLIPA_DIST_TIMEOUT to wait longer");
      return false;
    }
    if (round < 64) {
      sched_yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(round < 1024 ? 50 : 500));
    }
  }
}

bool Communicator::perform(Job& job) {
  if (job.count > INT_MAX) {
    fail("a collective of more than 2^31 elements; use smaller buckets");
    return false;
  }
  const int64_t count = job.count;
  switch (job.collective) {
    case Collective::kGather:
      job.result.resize(static_cast<size_t>(count) * ranks_);
      return finish(wire_->gather(job.send.data(), job.result.data(), count, Element::kByte),
                    "a gathering");
    case Collective::kBroadcast:
      job.result.resize(static_cast<size_t>(count));
      if (rank_ == job.root) std::memcpy(job.result.data(), job.send.data(), job.result.size());
      return finish(wire_->broadcast(job.result.data(), count, job.root), "a broadcast");
    case Collective::kReduceScatter:
    case Collective::kAllReduce:
      break;
  }
  // `count` floats of each rank's part; `send` holds ranks * count.
  job.receive.resize(sizeof(float) * count * ranks_);
  job.result.resize(sizeof(float) * count);
  if (!finish(wire_->spread(job.send.data(), job.receive.data(), count), "a sum")) return false;
  float* sum = reinterpret_cast<float*>(job.result.data());
  add_up(reinterpret_cast<const float*>(job.receive.data()), ranks_, count, sum);
  if (job.collective == Collective::kReduceScatter) return true;
  // The sums of all parts, into the memory that is not needed any more.
  return finish(wire_->gather(sum, job.receive.data(), count, Element::kFloat), "a gathering");
}

}  // namespace dist
}  // namespace clipa
