#include "cuda/nccl_library.h"

#include <dlfcn.h>

#include <cstring>
#include <mutex>
#include <stdexcept>

namespace clipa {
namespace dist {

namespace {

std::mutex mutex;
// Never freed: NCCL's threads may outlive the statics of this library.
Nccl* loaded = nullptr;
std::string* loaded_path = nullptr;

// Found beside the system's libraries, or where this library was built with (its run path).
const char kName[] = "libnccl.so.2";
// The first series that is built for CUDA 13.
constexpr int kOldest = NCCL_VERSION(2, 27, 0);

template <class T>
void bind(void* library, const char* name, T& target) {
  void* found = dlsym(library, name);
  if (found == nullptr) {
    throw std::runtime_error(std::string("the library has no ") + name +
                             "; allowed: NCCL 2.27 or newer");
  }
  std::memcpy(&target, &found, sizeof found);
}

// Before 2.9 the number had four digits.
std::string text_of(int version) {
  if (version < 10000) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 100) + "." +
           std::to_string(version % 100);
  }
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000 / 100) + "." +
         std::to_string(version % 100);
}

}  // namespace

void load_nccl(const std::string& path) {
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded != nullptr) {
    if (*loaded_path == path) return;
    throw std::runtime_error("NCCL is loaded from \"" + *loaded_path + "\" already, not from \"" +
                             path + "\"; a process has one");
  }
  void* library = dlopen(path.empty() ? kName : path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    throw std::runtime_error(std::string("NCCL cannot be opened (") + (why ? why : path) +
                             "); deno task build:cuda fetches it, or set CLIPA_NCCL_LIBRARY to the "
                             "path of libnccl.so.2");
  }
  Nccl nccl;
  bind(library, "ncclGetVersion", nccl.GetVersion);
  int version = 0;
  const ncclResult_t result = nccl.GetVersion(&version);
  if (result != ncclSuccess || version < kOldest) {
    throw std::runtime_error("NCCL " + text_of(version) +
                             " is too old; allowed: " + text_of(kOldest) +
                             " or newer, which is built for CUDA 13; deno task "
                             "build:cuda fetches one, or set CLIPA_NCCL_LIBRARY");
  }
  bind(library, "ncclGetUniqueId", nccl.GetUniqueId);
  bind(library, "ncclCommInitRankConfig", nccl.CommInitRankConfig);
  bind(library, "ncclCommGetAsyncError", nccl.CommGetAsyncError);
  bind(library, "ncclCommFinalize", nccl.CommFinalize);
  bind(library, "ncclCommDestroy", nccl.CommDestroy);
  bind(library, "ncclCommAbort", nccl.CommAbort);
  bind(library, "ncclGetErrorString", nccl.GetErrorString);
  bind(library, "ncclAllGather", nccl.AllGather);
  bind(library, "ncclReduceScatter", nccl.ReduceScatter);
  bind(library, "ncclAllReduce", nccl.AllReduce);
  bind(library, "ncclBroadcast", nccl.Broadcast);
  loaded = new Nccl(nccl);
  loaded_path = new std::string(path);
}

const Nccl* loaded_nccl() {
  std::lock_guard<std::mutex> lock(mutex);
  return loaded;
}

}  // namespace dist
}  // namespace clipa
