// NCCL, opened at run time: the functions that we use of it.
#pragma once

#include <nccl.h>

#include <string>

namespace clipa {
namespace dist {

struct Nccl {
  decltype(&ncclGetVersion) GetVersion;
  decltype(&ncclGetUniqueId) GetUniqueId;
  decltype(&ncclCommInitRankConfig) CommInitRankConfig;
  decltype(&ncclCommGetAsyncError) CommGetAsyncError;
  decltype(&ncclCommFinalize) CommFinalize;
  decltype(&ncclCommDestroy) CommDestroy;
  decltype(&ncclCommAbort) CommAbort;
  decltype(&ncclGetErrorString) GetErrorString;
  decltype(&ncclAllGather) AllGather;
  decltype(&ncclReduceScatter) ReduceScatter;
  decltype(&ncclAllReduce) AllReduce;
  decltype(&ncclBroadcast) Broadcast;
};

// Opens the library once per process; throws std::runtime_error with what is wrong and what to do.
void load_nccl(const std::string& path);
// Null before load_nccl.
const Nccl* loaded_nccl();

}  // namespace dist
}  // namespace clipa
