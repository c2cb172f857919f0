// How a context runs ops on the CPU: phases cut into tasks for the team.
#include <algorithm>
#include <atomic>

#include "base/context.h"
#include "base/device_info.h"
#include "base/guard.h"
#include "base/memory.h"
#include "cpu/bf16_tiles.h"
#include "lanes/lanes.h"

namespace clipa {

namespace {

constexpr uint64_t kAlign = 64;
uint64_t aligned(uint64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

struct Phase {
  const OpSpec* spec;
  const Op* op;
  int phase;
  int64_t items;
  int64_t grain;
  char* workspace;
  char* scratch;
  uint64_t scratch_stride;
  std::atomic<const char*>* problem;
};

void run_task(void* data, int64_t task, int thread) {
  const Phase& work = *static_cast<const Phase*>(data);
  const Run run{work.workspace, work.scratch + work.scratch_stride * thread};
  const int64_t begin = task * work.grain;
  const int64_t end = std::min(work.items, begin + work.grain);
  const char* wrong = work.spec->run(*work.op, work.phase, begin, end, run);
  if (wrong != nullptr) *work.problem = wrong;
}

}  // namespace

struct Context::Device {
  std::unique_ptr<Memory> workspace;
  std::unique_ptr<Memory> scratch;
  uint64_t scratch_stride = 0;
};

Context::Context(int threads, int32_t device, uint32_t precision)
    : threads_(threads),
      device_number_(device),
      precision_(precision),
      team_(threads),
      device_(new Device()) {
  worker_ = std::thread([this] { work_loop(); });
}

void* Context::stream() const { return nullptr; }

void Context::reserve(const std::vector<Step>& steps) {
  uint64_t workspace = 0, scratch = 0;
  for (const Step& step : steps) {
    workspace = std::max(workspace, step.spec->workspace(step.op));
    scratch = std::max(scratch, step.spec->scratch(step.op));
  }
  Device& own = *device_;
  if (!own.workspace || own.workspace->bytes() < workspace) {
    if (own.workspace) account(-static_cast<int64_t>(own.workspace->bytes()));
    own.workspace.reset();
    own.workspace = std::make_unique<Memory>(workspace);
    account(static_cast<int64_t>(workspace));
  }
  const uint64_t stride = aligned(scratch);
  if (!own.scratch || own.scratch_stride < stride) {
    if (own.scratch) account(-static_cast<int64_t>(own.scratch->bytes()));
    own.scratch.reset();
    own.scratch = std::make_unique<Memory>(stride * threads_);
    own.scratch_stride = stride;
    account(static_cast<int64_t>(stride * threads_));
  }
}

Problem Context::run(const Step& step) {
  const OpSpec& spec = *step.spec;
  std::atomic<const char*> problem{nullptr};
  for (int phase = 0; phase < spec.phases; ++phase) {
    const int64_t items = spec.items(step.op, phase);
    const int64_t grain = std::max<int64_t>(1, spec.grain(step.op, phase));
    Phase work{&spec,
               &step.op,
               phase,
               items,
               grain,
               device_->workspace->data(),
               device_->scratch->data(),
               device_->scratch_stride,
               &problem};
    team_.run((items + grain - 1) / grain, run_task, &work);
    if (problem.load() != nullptr) break;
  }
  return {problem.load(), 0};
}

Problem Context::finish() { return {}; }

std::unique_ptr<Recording> Context::record(const std::vector<Step>&) { return nullptr; }

bool Context::replay(Recording&) { return false; }

DeviceInfo device_info() { return {"cpu", "oneDNN", CpuLanes::kWidth, tile_unit()}; }

}  // namespace clipa
