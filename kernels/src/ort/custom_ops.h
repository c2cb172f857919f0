// The domain "clipa" of ONNX Runtime.
#pragma once

#include <string>

#include "ort/ort_api.h"

namespace clipa {
namespace ort {

// Adds the domain to session options. The domain lives as long as the process; null is success.
OrtStatus* register_custom_ops(OrtSessionOptions* options, const OrtApi* table);

// JSON text: name, inputs, outputs and attributes of every op.
std::string describe_custom_ops();

}  // namespace ort
}  // namespace clipa
