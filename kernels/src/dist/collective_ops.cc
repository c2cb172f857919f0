// The collectives as ops of a program. An op copies its operands in and out of the communicator's
// memory; the communicator's thread does the rest, while a started sum lets the program go on.
#include <cstring>

#include "base/op.h"
#include "clipa_dist.h"
#include "cpu/ranges.h"
#include "dist/communicator.h"

namespace clipa {

namespace {

using dist::Collective;
using dist::Communicator;
using dist::Job;

constexpr int64_t kSlots = 4096;
constexpr int64_t kMostRanks = 65536;

int64_t one_item(const Op&, int) { return 1; }

const char* check_ranks(const Op& op) {
  if (const char* problem = check_dims(op, 2)) return problem;
  return op.dims[1] > kMostRanks ? "dims[1] is no number of ranks" : nullptr;
}

const char* check_slot(const Op& op) {
  if (const char* problem = check_dims(op, 1)) return problem;
  return op.dims[1] >= kSlots ? "dims[1] is no slot: allowed are 0 to 4095" : nullptr;
}

const char* same_ranks(const Op& op) {
  const Communicator& ranks = Communicator::instance();
  if (!ranks.is_open()) {
    const char* failure = Communicator::instance().failure();
    return *failure != '\0' ? failure : "the ranks are not open; call clipa_dist_open first";
  }
  return op.dims[1] == ranks.ranks() ? nullptr : "the number of ranks is another";
}

const char* run_now(Collective collective, const Op& op, int64_t count, size_t bytes) {
  if (const char* problem = same_ranks(op)) return problem;
  Communicator& ranks = Communicator::instance();
  const std::shared_ptr<Job> job = ranks.reserve(collective, op.dims[0]);
  if (job->busy) return "this collective is under way already";
  job->count = count;
  job->send.resize(bytes);
  std::memcpy(job->send.data(), op.in(0), bytes);
  if (const char* problem = ranks.submit(job)) return problem;
  if (const char* problem = ranks.wait(job)) return problem;
  std::memcpy(op.out(1), job->result.data(), job->result.size());
  return nullptr;
}

void gather_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0));
  needs.add(op.extent(0) * op.extent(1));
  needs.refuse(check_ranks(op));
}

const char* gather_run(const Op& op, int, int64_t, int64_t, const Run&) {
  const int64_t bytes = op.dims[0] * static_cast<int64_t>(sizeof(float));
  return run_now(Collective::kGather, op, bytes, static_cast<size_t>(bytes));
}

void scatter_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.extent(1));
  needs.add(op.extent(0));
  needs.refuse(check_ranks(op));
}

const char* scatter_run(const Op& op, int, int64_t, int64_t, const Run&) {
  const size_t bytes = sizeof(float) * static_cast<size_t>(op.dims[0] * op.dims[1]);
  return run_now(Collective::kReduceScatter, op, op.dims[0], bytes);
}

void sum_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0));
  needs.refuse(check_slot(op));
}

const char* start_run(const Op& op, int, int64_t, int64_t, const Run&) {
  Communicator& ranks = Communicator::instance();
  if (!ranks.is_open()) return "the ranks are not open; call clipa_dist_open first";
  const std::shared_ptr<Job> job = ranks.reserve(Collective::kAllReduce, op.dims[1]);
  if (job->busy) return "a sum was started in this slot and not finished";
  const int64_t part = (op.dims[0] + ranks.ranks() - 1) / ranks.ranks();
  const size_t bytes = sizeof(float) * static_cast<size_t>(op.dims[0]);
  job->count = part;
  job->send.resize(sizeof(float) * static_cast<size_t>(part * ranks.ranks()));
  std::memcpy(job->send.data(), op.in(0), bytes);
  std::memset(job->send.data() + bytes, 0, job->send.size() - bytes);
  return ranks.submit(job);
}

const char* finish_run(const Op& op, int, int64_t, int64_t, const Run&) {
  Communicator& ranks = Communicator::instance();
  const std::shared_ptr<Job> job = ranks.reserve(Collective::kAllReduce, op.dims[1]);
  if (const char* problem = ranks.wait(job)) return problem;
  const size_t bytes = sizeof(float) * static_cast<size_t>(op.dims[0]);
  if (job->receive.size() < bytes) return "another length was started in this slot";
  std::memcpy(op.out(0), job->receive.data(), bytes);
  return nullptr;
}

// Sums of which each rank gets a part lie beside those of one call, which are known by their
// length.
int64_t scatter_key(const Op& op) { return -1 - op.dims[1]; }

void scatter_start_needs(const Op& op, Needs& needs) {
  needs.add(op.extent(0) * op.extent(2));
  needs.refuse(check_slot(op));
  if (op.dims[2] < 1 || op.dims[2] > kMostRanks) needs.refuse("dims[2] is no number of ranks");
}

const char* scatter_start_run(const Op& op, int, int64_t, int64_t, const Run&) {
  Communicator& ranks = Communicator::instance();
  if (!ranks.is_open()) return "the ranks are not open; call clipa_dist_open first";
  if (op.dims[2] != ranks.ranks()) return "the number of ranks is another";
  const std::shared_ptr<Job> job = ranks.reserve(Collective::kReduceScatter, scatter_key(op));
  if (job->busy) return "a sum was started in this slot and not finished";
  job->count = op.dims[0];
  job->send.resize(sizeof(float) * static_cast<size_t>(op.dims[0] * op.dims[2]));
  std::memcpy(job->send.data(), op.in(0), job->send.size());
  return ranks.submit(job);
}

const char* scatter_finish_run(const Op& op, int, int64_t, int64_t, const Run&) {
  Communicator& ranks = Communicator::instance();
  const std::shared_ptr<Job> job = ranks.reserve(Collective::kReduceScatter, scatter_key(op));
  if (const char* problem = ranks.wait(job)) return problem;
  const size_t bytes = sizeof(float) * static_cast<size_t>(op.dims[0]);
  if (job->result.size() != bytes) return "another length was started in this slot";
  std::memcpy(op.out(0), job->result.data(), bytes);
  return nullptr;
}

}  // namespace

const OpSpec kDistOps[] = {
    {CLIPA_DIST_OP_ALL_GATHER, "all_gather", 0, 1, gather_needs, one_item, no_items, no_bytes,
     no_bytes, gather_run},
    {CLIPA_DIST_OP_REDUCE_SCATTER, "reduce_scatter", 0, 1, scatter_needs, one_item, no_items,
     no_bytes, no_bytes, scatter_run},
    {CLIPA_DIST_OP_ALL_REDUCE_START, "all_reduce_start", 0, 1, sum_needs, one_item, no_items,
     no_bytes, no_bytes, start_run},
    {CLIPA_DIST_OP_ALL_REDUCE_FINISH, "all_reduce_finish", 0, 1, sum_needs, one_item, no_items,
     no_bytes, no_bytes, finish_run},
    {CLIPA_DIST_OP_REDUCE_SCATTER_START, "reduce_scatter_start", 0, 1, scatter_start_needs,
     one_item, no_items, no_bytes, no_bytes, scatter_start_run},
    {CLIPA_DIST_OP_REDUCE_SCATTER_FINISH, "reduce_scatter_finish", 0, 1, sum_needs, one_item,
     no_items, no_bytes, no_bytes, scatter_finish_run},
    {}};

}  // namespace clipa
