// A checked op list that keeps its buffers alive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/device_memory.h"
#include "base/op.h"
#include "clipa.h"

namespace clipa {

struct Buffer {
  Buffer(std::shared_ptr<Context> owner, uint64_t bytes)
      : context(std::move(owner)), memory(context->device(), bytes) {
    context->account(static_cast<int64_t>(bytes));
  }
  ~Buffer() { context->account(-static_cast<int64_t>(memory.bytes())); }
  std::shared_ptr<Context> context;
  DeviceMemory memory;
  std::shared_ptr<void> attached;  // what goes with the buffer
};

class Program {
 public:
  explicit Program(std::shared_ptr<Context> context) : context_(std::move(context)) {}

  // Checks the ops and resolves their operands. On failure the status and a message that names the
  // op, the operand and both sizes; nothing runs.
  int32_t add(const clipa_op* ops, uint64_t count, std::string* message);

  // Runs all ops on the calling thread, which must be the context's worker. Where the device can
  // record a program, the second run is recorded and later ones are replayed.
  int32_t run(std::string* message);

  Context& context() { return *context_; }
  size_t size() const { return steps_.size(); }
  std::vector<double>& seconds() { return seconds_; }
  uint64_t runs = 0;

 private:
  int32_t run_each(std::string* message);
  int32_t failed(const Problem& problem, std::string* message) const;

  std::shared_ptr<Context> context_;
  std::vector<Step> steps_;
  std::vector<std::shared_ptr<Buffer>> buffers_;
  std::vector<double> seconds_;  // per op; empty = timing is off
  std::unique_ptr<Recording> recording_;
};

std::shared_ptr<Buffer> find_buffer(uint64_t handle);
std::shared_ptr<Context> find_context(uint64_t handle);

}  // namespace clipa
