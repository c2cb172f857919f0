// ONNX Runtime's CUDA provider: a library beside ONNX Runtime's own.
#pragma once

#include <string>

#include "ort/ort_library.h"

namespace clipa {
namespace ort {

// Path of the provider's library, and whether it is there.
std::string cuda_provider(const Runtime& runtime);
bool has_cuda_provider(const Runtime& runtime);

// Lets sessions with these options run on CUDA: on `stream`, or on one of ONNX Runtime when it is
// null. Throws Failure with what is missing: the library, a driver, a driver or libraries of its
// version of CUDA.
void append_cuda(const Runtime& runtime, OrtSessionOptions* options, int32_t device, void* stream);

}  // namespace ort
}  // namespace clipa
