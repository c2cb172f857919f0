#include "ort/ort_library.h"

#include <dlfcn.h>

#include <memory>
#include <mutex>

#include "clipa_status.h"

namespace clipa {
namespace ort {

namespace {

constexpr int kLogFatal = 4;  // every failure comes back as a status, so nothing is printed
constexpr int kDeviceAllocator = 0;
constexpr int kDefaultMemory = 0;

std::mutex mutex;
// Never freed: ONNX Runtime's own statics may be gone before ours at the end of the process.
Runtime* loaded = nullptr;

int32_t status_of(int code) {
  switch (code) {
    case kFail:
    case kInvalidArgument:
    case kNoModel:
    case kInvalidProtobuf:
    case kInvalidGraph:
      return CLIPA_INVALID_ARGUMENT;
    case kNoSuchFile:
      return CLIPA_IO;
    case kNotImplemented:
      return CLIPA_UNSUPPORTED;
    default:
      return CLIPA_INTERNAL;
  }
}

// Closes a library that turned out not to be the one.
struct Close {
  void operator()(void* library) const { dlclose(library); }
};

}  // namespace

void check(const Api& api, OrtStatus* status) {
  if (status == nullptr) return;
  const Owned<OrtStatus> owned(api.ReleaseStatus, status);
  std::string message = api.GetErrorMessage(status);
  while (!message.empty() && message.back() == '\n') message.pop_back();
  throw Failure(status_of(api.GetErrorCode(status)), message);
}

void load(const std::string& path, const std::string& version) {
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded != nullptr) {
    if (loaded->path == path && loaded->version == version) return;
    throw Failure(CLIPA_INVALID_ARGUMENT,
                  "ONNX Runtime " + loaded->version + " of " + loaded->path +
                      " is open already; a process has one of them, not " + path);
  }
  std::unique_ptr<void, Close> library(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    throw Failure(CLIPA_IO, path + " cannot be opened: " + dlerror());
  }
  using GetBase = const OrtApiBase* (*)();
  const GetBase get_base = reinterpret_cast<GetBase>(dlsym(library.get(), "OrtGetApiBase"));
  const OrtApiBase* base = get_base != nullptr ? get_base() : nullptr;
  if (base == nullptr || base->GetVersionString == nullptr || base->GetApi == nullptr) {
    throw Failure(CLIPA_UNSUPPORTED, path + " is not ONNX Runtime: it has no OrtGetApiBase");
  }
  const char* text = base->GetVersionString();
  const std::string found = text != nullptr ? text : "unknown";
  if (found != version) {
    throw Failure(CLIPA_UNSUPPORTED, path + " is ONNX Runtime " + found + "; this code needs " +
                                         version + "; install that version of onnxruntime-node");
  }
  const OrtApi* table = base->GetApi(kApiVersion);
  if (table == nullptr) {
    throw Failure(CLIPA_UNSUPPORTED, path + " is ONNX Runtime " + found + " without version " +
                                         std::to_string(kApiVersion) + " of its interface");
  }
  auto next = std::make_unique<Runtime>(table);
  next->path = path;
  next->version = found;
  check(next->api, next->api.CreateEnv(kLogFatal, "clipa", &next->env));
  check(next->api,
        next->api.CreateCpuMemoryInfo(kDeviceAllocator, kDefaultMemory, &next->cpu_memory));
  library.release();
  loaded = next.release();
}

const Runtime& runtime() {
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded == nullptr) {
    throw Failure(CLIPA_UNSUPPORTED, "ONNX Runtime is not open; call clipa_ort_load first");
  }
  return *loaded;
}

}  // namespace ort
}  // namespace clipa
