#include "dist/communicator.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace clipa {
namespace dist {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNameBytes = 128;

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
  mpi_ = loaded_mpi();
  if (mpi_ == nullptr) return "Open MPI is not loaded; call clipa_dist_load first";
  started_ = true;
  std::thread([this, silence_ms, timeout_ms] { run(silence_ms, timeout_ms); }).detach();
  changed_.wait(lock, [this] { return opened_; });
  return open_ ? "" : failure_;
}

void Communicator::run(uint32_t silence_ms, uint32_t timeout_ms) {
  timeout_ = std::chrono::milliseconds(timeout_ms);
  std::string problem;
  try {
    problem = join_ranks(silence_ms);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty()) fail(problem);
  std::unique_lock<std::mutex> lock(mutex_);
  open_ = problem.empty();
  opened_ = true;
  changed_.notify_all();
  while (open_) {
    // The ranks' signs of life go on while there is nothing to do.
    changed_.wait_for(lock, std::chrono::milliseconds(100), [this] {
      return !queue_.empty() || closing_ || (aborting_ && !abort_told_);
    });
    if (queue_.empty() && closing_) break;
    std::shared_ptr<Job> job;
    if (!queue_.empty()) {
      job = queue_.front();
      queue_.pop_front();
    }
    lock.unlock();
    listen();
    const bool good = job && !failed_ && perform(*job);
    lock.lock();
    if (job && good) job->done = true;
    if (job) changed_.notify_all();
  }
  const bool whole = open_ && !failed_;
  lock.unlock();
  if (whole) {
    const std::string why = leave();
    if (!why.empty()) fail(why);
  }
  lock.lock();
  open_ = false;
  ended_ = true;
  changed_.notify_all();
}

std::string Communicator::join_ranks(uint32_t silence_ms) {
  // Deno's own handlers of these signals must stay; Open MPI would print a trace and end.
  setenv("OMPI_MCA_opal_signal", "6", 0);
  int provided = 0;
  if (mpi_->Init_thread(nullptr, nullptr, kMpiThreadFunneled, &provided) != kMpiSuccess ||
      provided < kMpiThreadFunneled) {
    return "MPI_Init_thread failed; start the ranks with deno task launch or mpirun";
  }
  mpi_->Comm_set_errhandler(mpi_->world, mpi_->errors_return);
  mpi_->Comm_rank(mpi_->world, &rank_);
  mpi_->Comm_size(mpi_->world, &ranks_);
  peers_ = std::make_unique<Peers>(*mpi_, rank_, ranks_, std::chrono::milliseconds(silence_ms));
  return exchange_names();
}

std::string Communicator::exchange_names() {
  char host[kNameBytes / 2] = {};
  gethostname(host, sizeof host - 1);
  char own[kNameBytes] = {};
  std::snprintf(own, sizeof own, "process %d on %s", static_cast<int>(getpid()), host);
  std::vector<char> all(static_cast<size_t>(ranks_) * kNameBytes);
  if (!gather(own, all.data(), kNameBytes, mpi_->bytes)) return failure_;
  for (int r = 0; r < ranks_; ++r) {
    all[static_cast<size_t>(r + 1) * kNameBytes - 1] = '\0';
    peers_->names.push_back(all.data() + static_cast<size_t>(r) * kNameBytes);
  }
  return "";
}

std::string Communicator::leave() {
  // MPI_Finalize waits without sleeping, so all come here together first.
  char none = 0;
  std::vector<char> all(ranks_);
  if (!gather(&none, all.data(), 1, mpi_->bytes)) return failure_;
  peers_->close();
  return mpi_->Finalize() == kMpiSuccess ? "" : "MPI_Finalize failed";
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
  changed_.wait_for(lock, std::chrono::seconds(2), [this] { return abort_told_; });
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

// Never changed once it is set, so that whoever was given the text may keep it.
void Communicator::fail(const std::string& reason) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failed_) return;
  failure_ = reason;
  failed_ = true;
  changed_.notify_all();
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
    peers_->farewell(reason);
    fail(reason);
    std::lock_guard<std::mutex> lock(mutex_);
    abort_told_ = true;
    changed_.notify_all();
    return;
  }
  const std::string problem = peers_->beat();
  if (!problem.empty()) fail(problem);
}

// Waits without keeping a core busy: the ranks' own work shares the cores.
bool Communicator::finish(int code, MpiRequest request, const char* what) {
  const Clock::time_point start = Clock::now();
  for (int round = 0;; ++round) {
    int done = 0;
    if (code == kMpiSuccess) code = mpi_->Test(&request, &done, nullptr);
    if (code != kMpiSuccess) {
      char text[512] = {};
      int length = 0;
      mpi_->Error_string(code, text, &length);
      fail(std::string(what) + " between the ranks failed: " + text);
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

bool Communicator::gather(const void* send, void* receive, int64_t count, MpiType type) {
  MpiRequest request = nullptr;
  const int n = static_cast<int>(count);
  const int code = mpi_->Iallgather(send, n, type, receive, n, type, mpi_->world, &request);
  return finish(code, request, "a gathering");
}

bool Communicator::spread(const void* send, void* receive, int64_t count) {
  MpiRequest request = nullptr;
  const int n = static_cast<int>(count);
  const MpiType type = mpi_->floats;
  const int code = mpi_->Ialltoall(send, n, type, receive, n, type, mpi_->world, &request);
  return finish(code, request, "a sum");
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
      return gather(job.send.data(), job.result.data(), count, mpi_->bytes);
    case Collective::kBroadcast: {
      job.result.resize(static_cast<size_t>(count));
      if (rank_ == job.root) std::memcpy(job.result.data(), job.send.data(), job.result.size());
      MpiRequest request = nullptr;
      const int code = mpi_->Ibcast(job.result.data(), static_cast<int>(count), mpi_->bytes,
                                    job.root, mpi_->world, &request);
      return finish(code, request, "a broadcast");
    }
    case Collective::kReduceScatter:
    case Collective::kAllReduce:
      break;
  }
  // `count` floats of each rank's part; `send` holds ranks * count.
  job.receive.resize(sizeof(float) * count * ranks_);
  job.result.resize(sizeof(float) * count);
  if (!spread(job.send.data(), job.receive.data(), count)) return false;
  float* sum = reinterpret_cast<float*>(job.result.data());
  add_up(reinterpret_cast<const float*>(job.receive.data()), ranks_, count, sum);
  if (job.collective == Collective::kReduceScatter) return true;
  // The sums of all parts, into the memory that is not needed any more.
  return gather(sum, job.receive.data(), count, mpi_->floats);
}

}  // namespace dist
}  // namespace clipa
