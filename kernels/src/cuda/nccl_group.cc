// One communicator of NCCL. It is a nonblocking one: calls return at once with "in progress", so
// that a rank that does not come cannot hold this process.
#include <sched.h>

#include <thread>

#include "cuda/nccl_wire.h"

namespace clipa {
namespace dist {

namespace {

const char kAborted[] = "the ranks were ended";

}  // namespace

std::string NcclGroup::begin(const ncclUniqueId& id, int rank, int ranks) {
  std::lock_guard<std::mutex> lock(mutex_);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const ncclResult_t result = nccl_.CommInitRankConfig(&comm_, ranks, id, rank, &config);
  return result == ncclSuccess || result == ncclInProgress ? "" : said(result);
}

bool NcclGroup::begin(const std::function<ncclResult_t(ncclComm_t)>& call, std::string* problem) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (comm_ == nullptr) {
    *problem = kAborted;
    return false;
  }
  const ncclResult_t result = call(comm_);
  if (result == ncclSuccess || result == ncclInProgress) return true;
  *problem = said(result);
  return false;
}

bool NcclGroup::poll(std::string* problem) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (comm_ == nullptr) {
    *problem = kAborted;
    return false;
  }
  ncclResult_t state = ncclSuccess;
  const ncclResult_t result = nccl_.CommGetAsyncError(comm_, &state);
  if (result != ncclSuccess) state = result;
  if (state == ncclSuccess) return true;
  if (state != ncclInProgress) *problem = said(state);
  return false;
}

std::string NcclGroup::run(const std::function<ncclResult_t(ncclComm_t)>& call) {
  std::string problem;
  bool done = false;
  if (begin(call, &problem)) {
    for (int round = 0; problem.empty() && !(done = poll(&problem)); ++round) {
      if (round < 256) {
        sched_yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }
  return done ? "" : problem;
}

void NcclGroup::abort() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (comm_ == nullptr) return;
  nccl_.CommAbort(comm_);
  comm_ = nullptr;
}

std::string NcclGroup::close(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  std::string problem;
  begin([this](ncclComm_t comm) { return nccl_.CommFinalize(comm); }, &problem);
  while (problem.empty() && !poll(&problem)) {
    if (std::chrono::steady_clock::now() > until) problem = "leaving took too long";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (!problem.empty()) {
    abort();
    return problem;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  const ncclResult_t result = nccl_.CommDestroy(comm_);
  comm_ = nullptr;
  return result == ncclSuccess ? "" : said(result);
}

std::string NcclGroup::said(ncclResult_t result) const {
  return std::string("NCCL: ") + nccl_.GetErrorString(result);
}

}  // namespace dist
}  // namespace clipa
