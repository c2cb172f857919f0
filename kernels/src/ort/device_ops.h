// What the device of a build adds to ONNX Runtime: kernels for the schemas of the CPU, under the
// name that ONNX Runtime has for the device, and the memory of the build's buffers. The CPU build
// adds nothing.
#pragma once

#include <memory>
#include <string>

#include "ort/op_schema.h"

namespace clipa {
namespace ort {

// Ends with an entry whose schema is null.
extern const OpKernel kDeviceKernels[];

// What a node of the device keeps between its runs. Null where there is no device.
std::shared_ptr<void> device_state();

// What is wrong when a kernel has left `word` (not 0) in the run's word for problems.
std::string device_problem(int32_t word);

// The word on the device in which kernels of the run on this thread say that data is wrong; null in
// a session that is not ours. Custom ops are called on the thread that started the run.
class ProblemOfRun {
 public:
  explicit ProblemOfRun(int32_t* word) : before_(current()) { current() = word; }
  ~ProblemOfRun() { current() = before_; }
  ProblemOfRun(const ProblemOfRun&) = delete;
  ProblemOfRun& operator=(const ProblemOfRun&) = delete;

  static int32_t*& current() {
    thread_local int32_t* word = nullptr;
    return word;
  }

 private:
  int32_t* const before_;
};

}  // namespace ort
}  // namespace clipa
