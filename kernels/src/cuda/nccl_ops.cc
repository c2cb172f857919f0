// The collectives as ops of a program: calls of NCCL on the queue's stream. Sums that are started
// run on a stream of their own, beside the ops that follow.
#include <cuda_runtime.h>

#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "base/device_memory.h"
#include "clipa_dist.h"
#include "cuda/check.h"
#include "cuda/nccl_wire.h"
#include "cuda/queue.h"
#include "cuda/ranks.h"
#include "dist/communicator.h"

namespace clipa {

namespace {

using dist::Communicator;
using dist::NcclWire;

// The sums that steps start. Their memory stays where it is, as recordings hold its address.
struct Sums {
  cudaStream_t stream = nullptr;
  cudaEvent_t ready = nullptr;     // what is added up is there
  cudaEvent_t finished = nullptr;  // all sums so far are
  bool under_way = false;
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<DeviceMemory>> memory;  // by slot, length
};

// One per process, as ranks are; used by the one thread that runs programs with collectives.
Sums& sums() {
  static auto* only = new Sums();
  return *only;
}

[[noreturn]] void refuse(const std::string& why) {
  // Who is to blame is known a moment after a collective broke.
  for (int i = 0; i < 150 && NcclWire::joined() && !Communicator::instance().failed(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const char* failure = Communicator::instance().failure();
  throw StatusError(CLIPA_IO, *failure != '\0' ? failure : why);
}

NcclWire& wire() {
  NcclWire* joined = NcclWire::joined();
  if (joined == nullptr) refuse("the ranks are not open; call clipa_dist_open first");
  joined->ops_begun();
  return *joined;
}

void run(NcclWire& ranks, const std::function<ncclResult_t(ncclComm_t)>& call) {
  const std::string problem = ranks.ops().run(call);
  if (!problem.empty()) refuse("a collective of a step failed: " + problem);
}

void same_ranks(const Op& op, const NcclWire& ranks) {
  if (op.dims[1] == ranks.ranks()) return;
  throw StatusError(CLIPA_INVALID_ARGUMENT, "the number of ranks is another");
}

// NCCL works in place only where the rank's own part lies in its place.
void check_place(const char* part, const char* whole, int64_t bytes, const NcclWire& ranks) {
  const bool apart = part + bytes <= whole || whole + bytes * ranks.ranks() <= part;
  if (!apart && part != whole + bytes * ranks.rank()) {
    throw StatusError(CLIPA_INVALID_ARGUMENT,
                      "a part that lies within the whole must be the part of this rank");
  }
}

void gather_run(const Op& op, Queue& queue) {
  if (queue.planning) return;
  NcclWire& ranks = wire();
  same_ranks(op, ranks);
  const int64_t n = op.dims[0];
  check_place(op.in<char>(0), op.out<char>(1), n * 4, ranks);
  run(ranks, [&](ncclComm_t comm) {
    return dist::loaded_nccl()->AllGather(op.in(0), op.out(1), n, ncclFloat, comm, queue.stream);
  });
}

void scatter_run(const Op& op, Queue& queue) {
  if (queue.planning) return;
  NcclWire& ranks = wire();
  same_ranks(op, ranks);
  const int64_t n = op.dims[0];
  check_place(op.out<char>(1), op.in<char>(0), n * 4, ranks);
  run(ranks, [&](ncclComm_t comm) {
    return dist::loaded_nccl()->ReduceScatter(op.in(0), op.out(1), n, ncclFloat, ncclSum, comm,
                                              queue.stream);
  });
}

char* memory_of(int64_t slot, int64_t count) {
  auto& memory = sums().memory[{slot, count}];
  if (!memory) {
    int device = 0;
    check(cudaGetDevice(&device), "cudaGetDevice");
    memory = std::make_unique<DeviceMemory>(device, count * sizeof(float));
  }
  return memory->data();
}

// Copies what is added up, then begins `call` beside the ops that follow.
void start_sum(const Op& op, Queue& queue, char* memory, int64_t count,
               const std::function<ncclResult_t(ncclComm_t)>& call) {
  Sums& own = sums();
  if (queue.planning) {
    if (own.stream != nullptr) return;
    check(cudaStreamCreateWithFlags(&own.stream, cudaStreamNonBlocking), "a stream");
    check(cudaEventCreateWithFlags(&own.ready, cudaEventDisableTiming), "an event");
    check(cudaEventCreateWithFlags(&own.finished, cudaEventDisableTiming), "an event");
    return;
  }
  check(cudaMemcpyAsync(memory, op.in(0), count * sizeof(float), cudaMemcpyDeviceToDevice,
                        queue.stream),
        "copy on the device");
  check(cudaEventRecord(own.ready, queue.stream), "an event");
  check(cudaStreamWaitEvent(own.stream, own.ready, 0), "an event");
  own.under_way = true;
  run(wire(), call);
}

void finish_sum(const Op& op, Queue& queue, const char* memory) {
  if (queue.planning) return;
  wire();
  join_sums(queue);
  check(cudaMemcpyAsync(op.out(0), memory, op.dims[0] * sizeof(float), cudaMemcpyDeviceToDevice,
                        queue.stream),
        "copy on the device");
}

void start_run(const Op& op, Queue& queue) {
  const int64_t n = op.dims[0];
  char* memory = memory_of(op.dims[1], n);
  start_sum(op, queue, memory, n, [=](ncclComm_t comm) {
    return dist::loaded_nccl()->AllReduce(memory, memory, n, ncclFloat, ncclSum, comm,
                                          sums().stream);
  });
}

void finish_run(const Op& op, Queue& queue) {
  finish_sum(op, queue, memory_of(op.dims[1], op.dims[0]));
}

// The sum and this rank's part of it lie in memory of one slot each.
constexpr int64_t kWhole = 1 << 16, kPart = 1 << 17;

void scatter_start_run(const Op& op, Queue& queue) {
  const int64_t n = op.dims[0], ranks = op.dims[2];
  char* memory = memory_of(kWhole + op.dims[1], n * ranks);
  char* part = memory_of(kPart + op.dims[1], n);
  if (!queue.planning && ranks != wire().ranks()) {
    throw StatusError(CLIPA_INVALID_ARGUMENT, "the number of ranks is another");
  }
  start_sum(op, queue, memory, n * ranks, [=](ncclComm_t comm) {
    return dist::loaded_nccl()->ReduceScatter(memory, part, n, ncclFloat, ncclSum, comm,
                                              sums().stream);
  });
}

void scatter_finish_run(const Op& op, Queue& queue) {
  finish_sum(op, queue, memory_of(kPart + op.dims[1], op.dims[0]));
}

}  // namespace

void join_sums(Queue& queue) {
  Sums& own = sums();
  if (!own.under_way) return;
  own.under_way = false;
  check(cudaEventRecord(own.finished, own.stream), "an event");
  check(cudaStreamWaitEvent(queue.stream, own.finished, 0), "an event");
}

RanksAwaited::RanksAwaited() {
  if (NcclWire* joined = NcclWire::joined()) joined->ops_begun();
}

RanksAwaited::~RanksAwaited() {
  if (NcclWire* joined = NcclWire::joined()) joined->ops_ended();
}

void RanksAwaited::check(cudaError_t error, const char* what) const {
  if (error != cudaSuccess && NcclWire::joined()) {
    cudaGetLastError();
    refuse(std::string(what) + ": " + cudaGetErrorString(error));
  }
  if (Communicator::instance().failed()) refuse(what);
  clipa::check(error, what);
}

const CudaOp kCudaDistOps[] = {{CLIPA_DIST_OP_ALL_GATHER, gather_run},
                               {CLIPA_DIST_OP_REDUCE_SCATTER, scatter_run},
                               {CLIPA_DIST_OP_ALL_REDUCE_START, start_run},
                               {CLIPA_DIST_OP_ALL_REDUCE_FINISH, finish_run},
                               {CLIPA_DIST_OP_REDUCE_SCATTER_START, scatter_start_run},
                               {CLIPA_DIST_OP_REDUCE_SCATTER_FINISH, scatter_finish_run},
                               {}};

}  // namespace clipa
