#include "dist/mpi_library.h"

#include <dlfcn.h>

#include <cstring>
#include <mutex>
#include <stdexcept>

namespace clipa {
namespace dist {

namespace {

std::mutex mutex;
// Never freed: MPI's threads may outlive the statics of this library.
Mpi* loaded = nullptr;
std::string* loaded_path = nullptr;

// Open MPI 4 and 5 have the same binary interface under this name; the bare name needs the
// development package.
const char* const kNames[] = {"libmpi.so.40", "libmpi.so"};

void* open_library(const std::string& path) {
  // Global: Open MPI opens components of its own that look for its symbols.
  const int mode = RTLD_NOW | RTLD_GLOBAL;
  if (!path.empty()) return dlopen(path.c_str(), mode);
  for (const char* name : kNames) {
    if (void* library = dlopen(name, mode)) return library;
  }
  return nullptr;
}

void* symbol(void* library, const char* name) {
  if (void* found = dlsym(library, name)) return found;
  throw std::runtime_error(std::string("the MPI library has no ") + name +
                           "; allowed: Open MPI 4 or newer (Debian package libopenmpi3)");
}

template <class T>
void bind(void* library, const char* name, T& target) {
  void* found = symbol(library, name);
  std::memcpy(&target, &found, sizeof found);
}

}  // namespace

void load_mpi(const std::string& path) {
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded != nullptr) {
    if (*loaded_path == path) return;
    throw std::runtime_error("MPI is loaded from \"" + *loaded_path + "\" already, not from \"" +
                             path + "\"; a process has one");
  }
  void* library = open_library(path);
  if (library == nullptr) {
    const char* why = dlerror();
    throw std::runtime_error(std::string("Open MPI cannot be opened (") + (why ? why : path) +
                             "); install it: apt-get install openmpi-bin libopenmpi3");
  }
  Mpi mpi;
  // Open MPI's own names first: another MPI has other handles and must not be called.
  mpi.world = symbol(library, "ompi_mpi_comm_world");
  mpi.bytes = symbol(library, "ompi_mpi_byte");
  mpi.floats = symbol(library, "ompi_mpi_float");
  mpi.errors_return = symbol(library, "ompi_mpi_errors_return");
  bind(library, "MPI_Init_thread", mpi.Init_thread);
  bind(library, "MPI_Initialized", mpi.Initialized);
  bind(library, "MPI_Finalize", mpi.Finalize);
  bind(library, "MPI_Comm_rank", mpi.Comm_rank);
  bind(library, "MPI_Comm_size", mpi.Comm_size);
  bind(library, "MPI_Comm_set_errhandler", mpi.Comm_set_errhandler);
  bind(library, "MPI_Error_string", mpi.Error_string);
  bind(library, "MPI_Iallgather", mpi.Iallgather);
  bind(library, "MPI_Ialltoall", mpi.Ialltoall);
  bind(library, "MPI_Ibcast", mpi.Ibcast);
  bind(library, "MPI_Isend", mpi.Isend);
  bind(library, "MPI_Irecv", mpi.Irecv);
  bind(library, "MPI_Test", mpi.Test);
  bind(library, "MPI_Cancel", mpi.Cancel);
  bind(library, "MPI_Request_free", mpi.Request_free);
  loaded = new Mpi(mpi);
  loaded_path = new std::string(path);
}

const Mpi* loaded_mpi() {
  std::lock_guard<std::mutex> lock(mutex);
  return loaded;
}

}  // namespace dist
}  // namespace clipa
