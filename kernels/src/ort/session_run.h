// The tensors of one call of a session.
#pragma once

#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "base/program.h"
#include "ort/session.h"

namespace clipa {
namespace ort {

class SessionRun {
 public:
  explicit SessionRun(std::shared_ptr<Session> session);

  // All throw Failure. A run is busy while it executes; the others refuse then.
  void set_input(uint64_t index, const clipa_ort_tensor& tensor, const void* data, uint64_t bytes);
  void write(uint64_t index, uint64_t offset, const void* data, uint64_t bytes);
  void bind_input(uint64_t index, const clipa_ort_tensor& tensor, uint64_t buffer, uint64_t offset);
  void bind_output(uint64_t index, const clipa_ort_tensor& tensor, uint64_t buffer,
                   uint64_t offset);
  void execute();
  clipa_ort_tensor output(uint64_t index);
  void read(uint64_t index, uint64_t offset, void* data, uint64_t bytes);

  LastError error;

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  struct Input {
    explicit Input(const Api& api) : value(api.ReleaseValue) {}
    std::unique_ptr<char, Free> memory;  // a copy; freed after the value
    uint64_t capacity = 0, bytes = 0;    // allocated, and those of the tensor
    std::shared_ptr<Buffer> bound;
    Owned<OrtValue> value;
  };
  struct Output {
    explicit Output(const Api& api) : value(api.ReleaseValue) {}
    std::shared_ptr<Buffer> bound;
    uint64_t offset = 0;  // in the buffer
    Owned<OrtValue> value;
  };

  std::unique_lock<std::mutex> idle();
  Input& input_at(uint64_t index);
  Output& output_at(uint64_t index);
  void wrap(const OrtMemoryInfo* memory, const clipa_ort_tensor& tensor, void* data,
            OrtValue** value);
  std::shared_ptr<Buffer> bind(const clipa_ort_tensor& tensor, uint64_t buffer, uint64_t offset,
                               OrtValue** value);
  void run();
  int32_t take_problem();  // 0 = none

  const std::shared_ptr<Session> session_;
  const Api& api_;
  Owned<OrtMemoryInfo> device_memory_;     // of buffers that are not host memory
  std::unique_ptr<DeviceMemory> problem_;  // where kernels say that data is wrong
  std::mutex busy_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
};

}  // namespace ort
}  // namespace clipa
