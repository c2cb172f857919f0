// Streams, events and graphs on the host. Work runs when it is queued; where CLIPA_EMULATED_ORDER
// is set it is put off, and streams run in another order that their waits for each other allow, so
// that a wait that is missing shows in the numbers:
//   late       only when somebody waits for it, and the stream that was made first before the
//   others early      the others before the first, and as soon as they are given something a number
//   in an order that the number decides
#include <cuda_runtime.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "limits.h"

namespace {

struct Work {
  std::function<cudaError_t()> run;
  std::vector<std::shared_ptr<Work>> after;
  int stream = 0;
  bool recorded = false;
  bool done = false;
};
using Works = std::vector<std::shared_ptr<Work>>;

enum class Order { kNow, kLate, kEarly, kAny };

Order order() {
  static const Order chosen = [] {
    const char* given = std::getenv("CLIPA_EMULATED_ORDER");
    if (given == nullptr || *given == '\0') return Order::kNow;
    const std::string text = given;
    return text == "late" ? Order::kLate : text == "early" ? Order::kEarly : Order::kAny;
  }();
  return chosen;
}

// Under the lock.
std::mt19937& chance() {
  static auto* chance =
      new std::mt19937(static_cast<unsigned>(std::atoi(std::getenv("CLIPA_EMULATED_ORDER"))));
  return *chance;
}

// Held while work that was put off is noted or run; work may free memory, which runs other work.
std::recursive_mutex& lock() {
  static auto* mutex = new std::recursive_mutex();
  return *mutex;
}

std::atomic<uint64_t> forked[2] =
    {};  // pieces of work on streams that waited for another: run, recorded

}  // namespace

struct EmulatedGraph {
  Works work;  // in the order of recording
  EmulatedStream* origin = nullptr;
  std::vector<EmulatedStream*> drawn;  // other streams whose work it records
};
struct EmulatedStream {
  int number = 0;
  EmulatedGraph* recording = nullptr;
  std::shared_ptr<Work> last;
  Works waits;                      // what the next piece of work comes after
  std::atomic<uint64_t> queued{0};  // pieces of work
  bool waited = false;              // for another stream, at any time
  bool unjoined = false;  // it was drawn into a recording, which has not waited for it again
};
struct EmulatedEvent {
  EmulatedGraph* recording = nullptr;  // that of its stream when it was recorded
  EmulatedStream* stream = nullptr;
  Works at;  // what it comes after
};

namespace {

std::set<EmulatedStream*>& streams() {
  static auto* all = new std::set<EmulatedStream*>();
  return *all;
}

Works tail(const EmulatedStream& stream) {
  Works all = stream.waits;
  if (stream.last) all.push_back(stream.last);
  return all;
}

// Everything that `ends` come after, themselves too, and that is not done.
Works ancestors(const Works& ends) {
  Works found, open = ends;
  std::set<Work*> seen;
  while (!open.empty()) {
    const std::shared_ptr<Work> work = open.back();
    open.pop_back();
    if (work->done || !seen.insert(work.get()).second) continue;
    found.push_back(work);
    open.insert(open.end(), work->after.begin(), work->after.end());
  }
  return found;
}

// Runs all of `works`, each after what it comes after.
cudaError_t run_all(const Works& works) {
  std::map<Work*, int> missing;
  std::map<Work*, std::vector<Work*>> next;
  for (const auto& work : works) missing[work.get()] = 0;
  for (const auto& work : works) {
    for (const auto& before : work->after) {
      if (missing.count(before.get()) == 0) continue;
      ++missing[work.get()];
      next[before.get()].push_back(work.get());
    }
  }
  std::map<int, std::vector<Work*>> ready;  // by stream
  for (const auto& work : works) {
    if (missing[work.get()] == 0) ready[work->stream].push_back(work.get());
  }
  while (!ready.empty()) {
    auto from = ready.begin();
    if (order() == Order::kEarly) from = std::prev(ready.end());
    if (order() == Order::kAny) std::advance(from, chance()() % ready.size());
    Work* work = from->second.front();
    from->second.erase(from->second.begin());
    if (from->second.empty()) ready.erase(from);
    if (work->run) {
      if (const cudaError_t error = work->run(); error != cudaSuccess) return error;
    }
    for (Work* other : next[work]) {
      if (--missing[other] == 0) ready[other->stream].push_back(other);
    }
  }
  return cudaSuccess;
}

// Runs what was put off and `ends` come after.
cudaError_t run_until(const Works& ends) {
  Works works = ancestors(ends);
  works.erase(
      std::remove_if(works.begin(), works.end(), [](const auto& work) { return work->recorded; }),
      works.end());
  const cudaError_t error = run_all(works);
  for (const auto& work : works) {
    work->done = true;
    work->after.clear();
    work->run = nullptr;
  }
  return error;
}

cudaError_t finish(EmulatedStream& stream) {
  if (order() == Order::kNow || stream.recording != nullptr) return cudaSuccess;
  std::lock_guard<std::recursive_mutex> held(lock());
  const Works ends = tail(stream);
  stream.waits.clear();
  stream.last = nullptr;
  return run_until(ends);
}

}  // namespace

namespace emulation {

cudaError_t finish_streams() {
  if (order() == Order::kNow) return cudaSuccess;
  std::lock_guard<std::recursive_mutex> held(lock());
  for (EmulatedStream* stream : streams()) {
    if (const cudaError_t error = finish(*stream); error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t enqueue(cudaStream_t stream, std::function<cudaError_t()> work) {
  if (stream == nullptr) return work();
  ++stream->queued;
  const bool recorded = stream->recording != nullptr;
  if (stream->waited) ++forked[recorded ? 1 : 0];
  if (!recorded && order() == Order::kNow) return work();
  std::lock_guard<std::recursive_mutex> held(lock());
  auto made = std::make_shared<Work>();
  made->run = std::move(work);
  made->after = tail(*stream);
  made->stream = stream->number;
  made->recorded = recorded;
  stream->waits.clear();
  stream->last = made;
  if (recorded) {
    stream->recording->work.push_back(made);
    return cudaSuccess;
  }
  const bool now =
      order() == Order::kEarly ? stream->waited : order() == Order::kAny && chance()() % 4 == 0;
  return now ? run_until({made}) : cudaSuccess;
}

}  // namespace emulation

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  static std::atomic<int> count{0};
  *stream = new EmulatedStream();
  (*stream)->number = count++;
  std::lock_guard<std::recursive_mutex> held(lock());
  streams().insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  std::lock_guard<std::recursive_mutex> held(lock());
  finish(*stream);
  streams().erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamGetDevice(cudaStream_t, int* device) { return cudaGetDevice(device); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return stream != nullptr ? finish(*stream) : cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (const cudaError_t error = finish(*stream); error != cudaSuccess) return error;
  stream->recording = new EmulatedGraph();
  stream->recording->origin = stream;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = stream->recording;
  bool joined = true;
  for (EmulatedStream* drawn : (*graph)->drawn) {
    joined = joined && !drawn->unjoined;
    drawn->recording = nullptr;
    drawn->unjoined = false;
    drawn->last = nullptr;
    drawn->waits.clear();
  }
  joined = joined && ancestors(tail(*stream)).size() == (*graph)->work.size();
  stream->recording = nullptr;
  stream->last = nullptr;
  stream->waits.clear();
  if (joined) return cudaSuccess;
  emulation::refuse("a recording ended before it had waited for a stream that it forked");
  return cudaErrorStreamCaptureUnjoined;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  std::lock_guard<std::recursive_mutex> held(lock());
  if (event->stream != nullptr && event->stream != stream) stream->waited = true;
  if (event->recording == nullptr && stream->recording == nullptr) {
    stream->waits.insert(stream->waits.end(), event->at.begin(), event->at.end());
    return cudaSuccess;
  }
  if (event->recording == nullptr || event->stream->recording != event->recording) {
    emulation::refuse("a stream that is recorded waits for an event of another time");
    return cudaErrorStreamCaptureIsolation;
  }
  event->stream->unjoined = false;
  const bool origin = stream == event->recording->origin;
  if (!origin && stream->recording != event->recording) {
    if (const cudaError_t error = finish(*stream); error != cudaSuccess) return error;
    event->recording->drawn.push_back(stream);
    stream->recording = event->recording;
  }
  if (!origin) stream->unjoined = true;
  stream->waits.insert(stream->waits.end(), event->at.begin(), event->at.end());
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new EmulatedEvent();
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  std::lock_guard<std::recursive_mutex> held(lock());
  event->recording = stream->recording;
  event->stream = stream;
  event->at = tail(*stream);
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (order() == Order::kNow) return cudaSuccess;
  std::lock_guard<std::recursive_mutex> held(lock());
  return run_until(event->at);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new EmulatedGraph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  return emulation::enqueue(stream, [exec] {
    if (order() != Order::kNow) return run_all(exec->work);
    for (const auto& work : exec->work) {
      if (const cudaError_t error = work->run(); error != cudaSuccess) return error;
    }
    return cudaSuccess;
  });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  emulation::finish_streams();
  return cudaGraphDestroy(exec);
}

// What tests count: kernels and copies queued on a stream, and those on streams that wait for
// others, run one by one or recorded.
#define EMULATION_EXPORT extern "C" __attribute__((visibility("default")))
EMULATION_EXPORT uint64_t emulation_queued(cudaStream_t stream) { return stream->queued; }
EMULATION_EXPORT uint64_t emulation_forked(int32_t recorded) {
  return forked[recorded != 0 ? 1 : 0];
}

// For the stand-in of NCCL: notes work where the stream is recording. False where it is not, when
// all that was queued before has run.
EMULATION_EXPORT bool clipa_emulation_note(cudaStream_t stream, cudaError_t (*work)(void*),
                                           void* data) {
  if (stream == nullptr) return false;
  if (stream->recording != nullptr) {
    emulation::enqueue(stream, [=] { return work(data); });
    return true;
  }
  finish(*stream);
  return false;
}
