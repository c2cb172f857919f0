#include "base/program.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/watched_memory.h"
#include "clipa_status.h"

namespace clipa {

namespace {

std::string describe(const clipa_op& op, const OpSpec* spec, uint64_t index) {
  char text[256];
  std::snprintf(text, sizeof text,
                "op %" PRIu64 " %s (kind %u, flags %u, dims %" PRId64 ",%" PRId64 ",%" PRId64
                ",%" PRId64 ",%" PRId64 ")",
                index, spec ? spec->name : "unknown", op.kind, op.flags, op.dims[0], op.dims[1],
                op.dims[2], op.dims[3], op.dims[4]);
  return text;
}

int32_t resolve(const clipa_ref& ref, const Operand& need, const Context& context,
                std::vector<std::shared_ptr<Buffer>>& buffers, void** data, std::string* why) {
  const uint64_t bytes = static_cast<uint64_t>(need.elements) * need.element_bytes;
  *data = nullptr;
  if (ref.buffer == 0) {
    if (need.optional) return CLIPA_OK;
    *why = "is missing";
    return CLIPA_INVALID_ARGUMENT;
  }
  std::shared_ptr<Buffer> buffer = find_buffer(ref.buffer);
  if (!buffer) {
    *why = "lies in a disposed buffer";
    return CLIPA_STALE_HANDLE;
  }
  if (buffer->context.get() != &context) {
    *why = "lies in a buffer of another context";
    return CLIPA_INVALID_ARGUMENT;
  }
  char text[160];
  const uint64_t have = buffer->memory.bytes();
  if (ref.offset % 4 != 0 || ref.offset > have || ref.bytes > have - ref.offset) {
    std::snprintf(text, sizeof text, "spans bytes %" PRIu64 "+%" PRIu64 " of a buffer of %" PRIu64,
                  ref.offset, ref.bytes, have);
    *why = text;
    return CLIPA_INVALID_ARGUMENT;
  }
  if (ref.bytes != bytes) {
    std::snprintf(text, sizeof text, "has %" PRIu64 " bytes, the dimensions need %" PRIu64,
                  ref.bytes, bytes);
    *why = text;
    return CLIPA_INVALID_ARGUMENT;
  }
  *data = buffer->memory.data() + ref.offset;
  if (std::find(buffers.begin(), buffers.end(), buffer) == buffers.end()) {
    buffers.push_back(std::move(buffer));
  }
  return CLIPA_OK;
}

// Where in a list the sides part and meet.
struct Sides {
  bool forked = false;
  uint64_t fork = 0;

  // Null, or why the step cannot stand there.
  const char* place(const Step& step, uint64_t index) {
    const bool parts = step.op.kind == CLIPA_OP_FORK, meets = step.op.kind == CLIPA_OP_JOIN;
    if (step.side && (parts || meets)) return "belongs to both sides, so it has no flag side";
    if (step.side && !forked) return "has the flag side, and no fork stands before it";
    if (parts && forked) return "a fork stands before it that no join has ended";
    if (meets && !forked) return "no fork stands before it";
    if (parts) fork = index;
    if (parts || meets) forked = parts;
    return nullptr;
  }
};

bool changes_parameters(uint32_t kind) {
  return kind == CLIPA_OP_ADAMW || kind == CLIPA_OP_AVERAGE || kind == CLIPA_OP_CLAMP;
}

}  // namespace

int32_t Program::add(const clipa_op* ops, uint64_t count, std::string* message) {
  Sides sides;
  for (uint64_t i = 0; i < count; ++i) {
    const OpSpec* spec = find_op(ops[i].kind);
    if (spec == nullptr) {
      *message = describe(ops[i], spec, i) + ": no such op in this build";
      return CLIPA_UNSUPPORTED;
    }
    Step step{spec, {}, {}, (ops[i].flags & CLIPA_FLAG_SIDE) != 0};
    step.op.kind = ops[i].kind;
    step.op.flags = ops[i].flags & ~uint32_t{CLIPA_FLAG_SIDE};
    step.op.bf16 = context_->precision() == CLIPA_PRECISION_BF16;
    std::memcpy(step.op.dims, ops[i].dims, sizeof step.op.dims);
    std::memcpy(step.op.scalars, ops[i].scalars, sizeof step.op.scalars);
    // Presence matters to some needs(), so mark it before the real pointers are known.
    static char present;
    for (int k = 0; k < CLIPA_MAX_OPERANDS; ++k) {
      step.op.data[k] = ops[i].operands[k].buffer != 0 ? &present : nullptr;
    }
    Needs needs;
    for (int k = 0; k < CLIPA_MAX_DIMS; ++k) {
      if (ops[i].dims[k] < 0 || ops[i].dims[k] > (int64_t{1} << 40)) {
        needs.problem = "a dimension is negative or too large";
      }
    }
    if (needs.problem == nullptr && (step.op.flags & ~spec->flags) != 0) {
      needs.problem = "has a flag that this op does not know";
    }
    if (needs.problem == nullptr) spec->needs(step.op, needs);
    if (needs.problem != nullptr) {
      *message = describe(ops[i], spec, i) + ": " + needs.problem;
      return CLIPA_INVALID_ARGUMENT;
    }
    for (int k = 0; k < CLIPA_MAX_OPERANDS; ++k) {
      std::string why;
      int32_t status = CLIPA_OK;
      if (k < needs.count) {
        status = resolve(ops[i].operands[k], needs.operands[k], *context_, buffers_,
                         &step.op.data[k], &why);
        step.bytes[k] = ops[i].operands[k].bytes;
      } else if (ops[i].operands[k].buffer != 0) {
        why = "is not an operand of this op";
        status = CLIPA_INVALID_ARGUMENT;
      }
      if (status != CLIPA_OK) {
        *message = describe(ops[i], spec, i) + ": operand " + std::to_string(k) + " " + why;
        return status;
      }
    }
    if (const char* problem = sides.place(step, i)) {
      *message = describe(ops[i], spec, i) + ": " + problem;
      return CLIPA_INVALID_ARGUMENT;
    }
    steps_.push_back(step);
  }
  if (sides.forked) {
    *message = describe(ops[sides.fork], find_op(CLIPA_OP_FORK), sides.fork) +
               ": no join follows it in the list";
    return CLIPA_INVALID_ARGUMENT;
  }
  context_->reserve(steps_);
  return CLIPA_OK;
}

int32_t Program::failed(const Problem& problem, std::string* message) const {
  *message = "op " + std::to_string(problem.op) + " " + steps_[problem.op].spec->name + ": " +
             problem.what;
  return CLIPA_INVALID_ARGUMENT;
}

int32_t Program::run(std::string* message) {
  const bool cancelled = context_->cancelled.load(std::memory_order_relaxed) != 0;
  int32_t status = CLIPA_OK;
  if (seconds_.empty() && recording_ && !cancelled && context_->replay(*recording_)) {
    const Problem problem = context_->finish();
    if (problem.what != nullptr) status = failed(problem, message);
  } else {
    status = run_each(message);
    if (status == CLIPA_OK && runs > 0) recording_ = context_->record(steps_);
  }
  if (status == CLIPA_OK) ++runs;
  return status;
}

int32_t Program::run_each(std::string* message) {
  using Clock = std::chrono::steady_clock;
  const bool timing = !seconds_.empty();
  for (size_t i = 0; i < steps_.size(); ++i) {
    // Once an update has begun, it is made whole: half of it would be a state that no step has.
    const bool updating = i > 0 && changes_parameters(steps_[i - 1].op.kind);
    if (!updating && context_->cancelled.load(std::memory_order_relaxed) != 0) {
      context_->finish();
      *message =
          "cancelled before op " + std::to_string(i) + " of " + std::to_string(steps_.size());
      return CLIPA_CANCELLED;
    }
    const Clock::time_point start = timing ? Clock::now() : Clock::time_point();
    const WatchedMemory watched(buffers_, steps_[i]);
    Problem problem = context_->run(steps_[i]);
    if (problem.what == nullptr && timing) problem = context_->finish();
    if (problem.what != nullptr) {
      problem.op = i;
      return failed(problem, message);
    }
    if (timing) {
      seconds_[i] += std::chrono::duration<double>(Clock::now() - start).count();
    }
  }
  const Problem problem = context_->finish();
  return problem.what == nullptr ? CLIPA_OK : failed(problem, message);
}

}  // namespace clipa
