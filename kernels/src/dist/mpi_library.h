// Open MPI, opened at run time: the functions and constants that we use of it.
#pragma once

#include <cstddef>
#include <string>

namespace clipa {
namespace dist {

// Open MPI's handles are pointers to structs of its own; its predefined ones are symbols.
using MpiComm = void*;
using MpiType = void*;
using MpiRequest = void*;

constexpr int kMpiSuccess = 0;
constexpr int kMpiThreadFunneled = 1;
constexpr int kMpiAnySource = -1;

struct Mpi {
  int (*Init_thread)(int* argc, char*** argv, int required, int* provided);
  int (*Initialized)(int* flag);
  int (*Finalize)();
  int (*Comm_rank)(MpiComm, int* rank);
  int (*Comm_size)(MpiComm, int* size);
  int (*Comm_set_errhandler)(MpiComm, void* handler);
  int (*Error_string)(int code, char* text, int* length);
  int (*Iallgather)(const void* send, int count, MpiType, void* receive, int count_each, MpiType,
                    MpiComm, MpiRequest*);
  int (*Ialltoall)(const void* send, int count, MpiType, void* receive, int count_each, MpiType,
                   MpiComm, MpiRequest*);
  int (*Ibcast)(void* data, int count, MpiType, int root, MpiComm, MpiRequest*);
  int (*Isend)(const void* data, int count, MpiType, int to, int tag, MpiComm, MpiRequest*);
  int (*Irecv)(void* data, int count, MpiType, int from, int tag, MpiComm, MpiRequest*);
  int (*Test)(MpiRequest*, int* flag, void* status);
  int (*Cancel)(MpiRequest*);
  int (*Request_free)(MpiRequest*);
  MpiComm world;
  MpiType bytes;
  MpiType floats;
  void* errors_return;
};

// Opens the library once per process; throws std::runtime_error with what is wrong and what to do.
void load_mpi(const std::string& path);
// Null before load_mpi.
const Mpi* loaded_mpi();

}  // namespace dist
}  // namespace clipa
