// The one ONNX Runtime of the process: opened by path, checked, never closed once it is in use.
#pragma once

#include <stdexcept>
#include <string>

#include "ort/ort_api.h"

namespace clipa {
namespace ort {

struct Runtime {
  explicit Runtime(const OrtApi* table) : api(table), table(table) {}
  Api api;
  const OrtApi* table;
  OrtEnv* env = nullptr;
  OrtMemoryInfo* cpu_memory = nullptr;
  std::string path;
  std::string version;
};

// A failure with the status that the host gets.
struct Failure : std::runtime_error {
  Failure(int32_t status, const std::string& message)
      : std::runtime_error(message), status(status) {}
  int32_t status;
};

// Throws a Failure with the message of ONNX Runtime; null is success.
void check(const Api& api, OrtStatus* status);

// Opens the library; throws Failure when it is missing, is no ONNX Runtime, has another version
// than `version`, or another one is open already.
void load(const std::string& path, const std::string& version);

// Throws Failure before a successful load().
const Runtime& runtime();

}  // namespace ort
}  // namespace clipa
