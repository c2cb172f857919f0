// ONNX Runtime as it would be with a CUDA provider, for machines without a GPU: everything is done
// by the real library, whose path CLIPA_EMULATED_ORT names, but
//   - the CUDA provider can always be appended; the stream that it is given is that of kernels;
//   - custom ops for the CUDA provider run on the CPU provider, in the place of those for the CPU:
//     the memory of the emulated device is that of the host;
//   - memory called "Cuda" is that of the host.
// It knows of ONNX Runtime what ort_api.h declares, as the library does.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ort/ort_api.h"

using clipa::ort::Api;

struct OrtCUDAProviderOptionsV2 {
  std::string device;
  void* stream = nullptr;
};

namespace {

constexpr int kFunctions = 280;  // that the real table has for certain
constexpr int kFail = 1, kDeviceAllocator = 0, kDefaultMemory = 0;

const OrtApiBase* real_base = nullptr;
const Api* real = nullptr;
void* last_stream = nullptr;  // of the provider that was appended last
int last_device = -1;

OrtStatus* append_cuda(OrtSessionOptions*, const OrtCUDAProviderOptionsV2* cuda) {
  last_stream = cuda->stream;
  last_device = std::atoi(cuda->device.c_str());
  return nullptr;
}

OrtStatus* create_cuda(OrtCUDAProviderOptionsV2** cuda) {
  *cuda = new OrtCUDAProviderOptionsV2();
  return nullptr;
}

OrtStatus* update_cuda(OrtCUDAProviderOptionsV2* cuda, const char* const* keys,
                       const char* const* values, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const std::string key = keys[i], value = values[i];
    if (key == "device_id") {
      cuda->device = value;
    } else if (key != "use_tf32" || value != "0") {
      return real->CreateStatus(kFail, ("provider option " + key + " = " + value).c_str());
    }
  }
  return nullptr;
}

OrtStatus* update_cuda_with(OrtCUDAProviderOptionsV2* cuda, const char* key, void* value) {
  if (std::string(key) != "user_compute_stream") return real->CreateStatus(kFail, key);
  cuda->stream = value;
  return nullptr;
}

void release_cuda(OrtCUDAProviderOptionsV2* cuda) { delete cuda; }

OrtStatus* add_op(OrtCustomOpDomain* domain, const OrtCustomOp* op) {
  if (op->GetExecutionProviderType(op) == nullptr) return nullptr;
  // Callbacks find what belongs to the op behind it, so it is changed where it is.
  const_cast<OrtCustomOp*>(op)->GetExecutionProviderType = [](const OrtCustomOp*) -> const char* {
    return nullptr;
  };
  return real->CustomOpDomain_Add(domain, op);
}

OrtStatus* compute_stream(const OrtKernelContext*, void** stream) {
  *stream = last_stream;
  return nullptr;
}

OrtStatus* memory_info(const char* name, int allocator, int device, int memory,
                       OrtMemoryInfo** info) {
  if (std::string(name) != "Cuda") {
    return real->CreateMemoryInfo(name, allocator, device, memory, info);
  }
  if (device != last_device) return real->CreateStatus(kFail, "memory of another device");
  return real->CreateCpuMemoryInfo(kDeviceAllocator, kDefaultMemory, info);
}

template <class F>
void replace(OrtApi& table, int place, F* function) {
  table.functions[place] = reinterpret_cast<void*>(function);
}

const OrtApi* table_of(uint32_t version) {
  static OrtApi table = {};
  const OrtApi* found = real_base->GetApi(version);
  if (found == nullptr) return nullptr;
  std::memcpy(table.functions, found->functions, kFunctions * sizeof(void*));
  static const Api api(found);
  real = &api;
  replace(table, 27, add_op);
  replace(table, 68, memory_info);
  replace(table, 193, compute_stream);
  replace(table, 204, append_cuda);
  replace(table, 205, create_cuda);
  replace(table, 206, update_cuda);
  replace(table, 208, release_cuda);
  replace(table, 263, update_cuda_with);
  return &table;
}

const char* version_string() { return real_base->GetVersionString(); }

}  // namespace

extern "C" __attribute__((visibility("default"))) const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base = {table_of, version_string};
  if (real_base != nullptr) return &base;
  const char* path = std::getenv("CLIPA_EMULATED_ORT");
  void* library = path != nullptr ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (library == nullptr) {
    std::fprintf(stderr, "CLIPA_EMULATED_ORT names no ONNX Runtime: %s\n", path);
    return nullptr;
  }
  using GetBase = const OrtApiBase* (*)();
  real_base = reinterpret_cast<GetBase>(dlsym(library, "OrtGetApiBase"))();
  return &base;
}

// The stream that the provider was given last; for tests.
extern "C" __attribute__((visibility("default"))) void* emulated_ort_stream() {
  return last_stream;
}
