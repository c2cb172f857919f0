// The CPU build's kernels for ONNX Runtime are those that every build has.
#include "ort/device_ops.h"

namespace clipa {
namespace ort {

const OpKernel kDeviceKernels[] = {{nullptr, nullptr, nullptr}};

std::shared_ptr<void> device_state() { return nullptr; }

std::string device_problem(int32_t) { return ""; }

}  // namespace ort
}  // namespace clipa
