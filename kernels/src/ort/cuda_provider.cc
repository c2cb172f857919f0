#include "ort/cuda_provider.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

#include "clipa_status.h"
#include "ort/library_file.h"

namespace clipa {
namespace ort {

namespace {

constexpr char kLibrary[] = "libonnxruntime_providers_cuda.so";
constexpr char kDriver[] = "libcuda.so.1";

std::string beside(const Runtime& runtime, const char* name) {
  const size_t slash = runtime.path.rfind('/');
  return (slash == std::string::npos ? std::string(".") : runtime.path.substr(0, slash)) + "/" +
         name;
}

// The version of CUDA that a library was linked with, from the name of the runtime that it needs;
// 0 when it names none.
int cuda_of(const std::string& library) {
  constexpr char kRuntime[] = "libcudart.so.";
  for (const std::string& name : read_library_file(library).needed) {
    if (name.compare(0, sizeof kRuntime - 1, kRuntime) == 0) {
      return std::atoi(name.c_str() + sizeof kRuntime - 1);
    }
  }
  return 0;
}

// Loads what the provider needs and what lies beside it: the loader does not look there, but takes
// what is loaded. Twice, because some need others of them.
void load_neighbours(const Runtime& runtime) {
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::string& name : read_library_file(cuda_provider(runtime)).needed) {
      const std::string path = beside(runtime, name.c_str());
      if (access(path.c_str(), R_OK) == 0) dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    }
  }
}

// CUDA that the driver knows, as 1000 major + 10 minor; 0 without a driver.
int driver_version() {
  void* driver = dlopen(kDriver, RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return 0;
  int version = 0;
  using Get = int (*)(int*);
  const Get get = reinterpret_cast<Get>(dlsym(driver, "cuDriverGetVersion"));
  if (get == nullptr || get(&version) != 0) version = 0;
  dlclose(driver);
  return version;
}

// What CUDA itself said, out of ONNX Runtime's report with its places in source files.
std::string shortened(const std::string& said) {
  const size_t start = said.find("CUDA failure ");
  if (start == std::string::npos) return said;
  const size_t end = said.find(" ; ", start);
  return said.substr(start, end == std::string::npos ? end : end - start) +
         "; look at nvidia-smi and CUDA_VISIBLE_DEVICES";
}

// Why the library does not load, or what ONNX Runtime said.
std::string explained(const std::string& library, const std::string& said) {
  const int cuda = cuda_of(library);
  const std::string wanted = cuda > 0 ? "CUDA " + std::to_string(cuda) : "its version of CUDA";
  const int driver = driver_version();
  if (driver == 0) {
    return "no NVIDIA driver was found (" + std::string(kDriver) + "); install one for " + wanted;
  }
  if (driver / 1000 < cuda) {
    return "the NVIDIA driver is too old: it knows CUDA " + std::to_string(driver / 1000) + "." +
           std::to_string(driver % 1000 / 10) + ", " + kLibrary + " needs " + wanted +
           "; update the driver";
  }
  // ONNX Runtime keeps the loader's reason to itself, so the loader is asked again.
  void* opened = dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (opened != nullptr) {
    dlclose(opened);
    return shortened(said);
  }
  return std::string(dlerror()) + "; " + kLibrary + " needs the libraries of " + wanted +
         ": install them, name their folder in LD_LIBRARY_PATH, or put links to them beside it";
}

}  // namespace

std::string cuda_provider(const Runtime& runtime) { return beside(runtime, kLibrary); }

bool has_cuda_provider(const Runtime& runtime) {
  return access(cuda_provider(runtime).c_str(), R_OK) == 0;
}

void append_cuda(const Runtime& runtime, OrtSessionOptions* options, int32_t device, void* stream) {
  const Api& api = runtime.api;
  if (!has_cuda_provider(runtime)) {
    throw Failure(
        CLIPA_UNSUPPORTED,
        std::string(kLibrary) + " does not lie beside " + runtime.path +
            ": this package of ONNX Runtime has no CUDA provider; deno task build:cuda --ort "
            "fetches one for runs with --device cuda:0, or put that file and "
            "libonnxruntime_providers_shared.so of version " +
            runtime.version + " there");
  }
  if (!read_library_file(cuda_provider(runtime)).whole) {
    throw Failure(
        CLIPA_UNSUPPORTED,
        cuda_provider(runtime) + " is cut, or is no library of this machine; copy it again");
  }
  load_neighbours(runtime);
  try {
    Owned<OrtCUDAProviderOptionsV2> cuda(api.ReleaseCUDAProviderOptions);
    check(api, api.CreateCUDAProviderOptions(cuda.out()));
    const std::string number = std::to_string(device);
    // Plain float32 in ONNX Runtime's own products too: its default rounds to 19 bits.
    const char* const keys[] = {"device_id", "use_tf32"};
    const char* const values[] = {number.c_str(), "0"};
    check(api, api.UpdateCUDAProviderOptions(cuda.get(), keys, values, 2));
    if (stream != nullptr) {
      check(api, api.UpdateCUDAProviderOptionsWithValue(cuda.get(), "user_compute_stream", stream));
    }
    check(api, api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda.get()));
  } catch (const Failure& failure) {
    throw Failure(CLIPA_UNSUPPORTED, explained(cuda_provider(runtime), failure.what()));
  }
}

}  // namespace ort
}  // namespace clipa
