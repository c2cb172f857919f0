#include "dist/mpi_wire.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace clipa {
namespace dist {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNameBytes = 100;

}  // namespace

std::string MpiWire::join(std::chrono::milliseconds silence, std::chrono::milliseconds timeout) {
  // Deno's own handlers of these signals must stay; Open MPI would print a trace and end.
  setenv("OMPI_MCA_opal_signal", "6", 0);
  int provided = 0;
  if (mpi_.Init_thread(nullptr, nullptr, kMpiThreadFunneled, &provided) != kMpiSuccess ||
      provided < kMpiThreadFunneled) {
    return "MPI_Init_thread failed; start the ranks with deno task launch or mpirun";
  }
  mpi_.Comm_set_errhandler(mpi_.world, mpi_.errors_return);
  mpi_.Comm_rank(mpi_.world, &rank_);
  mpi_.Comm_size(mpi_.world, &ranks_);
  char host[kNameBytes / 2] = {};
  gethostname(host, sizeof host - 1);
  char own[kNameBytes] = {};
  std::snprintf(own, sizeof own, "process %d on %s", static_cast<int>(getpid()), host);
  peers_ = std::make_unique<MpiPeers>(mpi_, rank_, ranks_, own, silence);

  std::vector<char> all(static_cast<size_t>(ranks_) * kNameBytes);
  std::string problem = gather(own, all.data(), kNameBytes, Element::kByte);
  const Clock::time_point until = Clock::now() + timeout;
  for (bool done = false; problem.empty() && !done;) {
    problem = test(&done);
    // What is heard once all have met concerns the work, and is left to it.
    if (problem.empty() && !done) problem = beat();
    if (problem.empty() && Clock::now() > until) problem = "the ranks did not meet in time";
    if (!done) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (!problem.empty()) return problem;
  for (int r = 0; r < ranks_; ++r) {
    all[static_cast<size_t>(r + 1) * kNameBytes - 1] = '\0';
    peers_->names[r] = all.data() + static_cast<size_t>(r) * kNameBytes;
  }
  return "";
}

std::string MpiWire::gather(const void* send, void* receive, int64_t count, Element element) {
  const int n = static_cast<int>(count);
  const MpiType type = element == Element::kByte ? mpi_.bytes : mpi_.floats;
  return said(mpi_.Iallgather(send, n, type, receive, n, type, mpi_.world, &request_));
}

std::string MpiWire::spread(const void* send, void* receive, int64_t count) {
  const int n = static_cast<int>(count);
  return said(mpi_.Ialltoall(send, n, mpi_.floats, receive, n, mpi_.floats, mpi_.world, &request_));
}

std::string MpiWire::broadcast(void* data, int64_t bytes, int root) {
  return said(mpi_.Ibcast(data, static_cast<int>(bytes), mpi_.bytes, root, mpi_.world, &request_));
}

std::string MpiWire::test(bool* done) {
  int flag = 0;
  const std::string problem = said(mpi_.Test(&request_, &flag, nullptr));
  *done = flag != 0;
  return problem;
}

std::string MpiWire::leave() {
  peers_->close();
  return mpi_.Finalize() == kMpiSuccess ? "" : "MPI_Finalize failed";
}

std::string MpiWire::said(int code) const {
  if (code == kMpiSuccess) return "";
  char text[512] = {};
  int length = 0;
  mpi_.Error_string(code, text, &length);
  return text;
}

}  // namespace dist
}  // namespace clipa
