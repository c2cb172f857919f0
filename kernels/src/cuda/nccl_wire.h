// The ranks of the CUDA build: NCCL carries the bytes, sockets beside it the signs of life.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "base/device_memory.h"
#include "cuda/nccl_library.h"
#include "dist/tcp_peers.h"
#include "dist/wire.h"

namespace clipa {
namespace dist {

// A communicator of NCCL that another thread may abort at any moment.
class NcclGroup {
 public:
  explicit NcclGroup(const Nccl& nccl) : nccl_(nccl) {}

  // Begins to join; poll() says when it is done.
  std::string begin(const ncclUniqueId& id, int rank, int ranks);
  // Begins one call; `problem` says why not.
  bool begin(const std::function<ncclResult_t(ncclComm_t)>& call, std::string* problem);
  // Whether what was begun has been put on the device; `problem` is what went wrong, or empty.
  bool poll(std::string* problem);
  // The same two, waiting. For the thread of the ops.
  std::string run(const std::function<ncclResult_t(ncclComm_t)>& call);
  // Ends everything under way. From any thread.
  void abort();
  // In good order, when nothing is under way.
  std::string close(std::chrono::milliseconds timeout);

 private:
  std::string said(ncclResult_t result) const;

  const Nccl& nccl_;
  std::mutex mutex_;  // NCCL's calls never meet an abort, which frees what they use
  ncclComm_t comm_ = nullptr;
};

class NcclWire : public Wire {
 public:
  NcclWire(const Nccl& nccl, const Meeting& meeting);
  ~NcclWire() override;

  std::string join(std::chrono::milliseconds silence, std::chrono::milliseconds timeout) override;
  int rank() const override { return meeting_.rank; }
  int ranks() const override { return meeting_.ranks; }
  std::string gather(const void* send, void* receive, int64_t count, Element element) override;
  std::string spread(const void* send, void* receive, int64_t count) override;
  std::string broadcast(void* data, int64_t bytes, int root) override;
  std::string test(bool* done) override;
  std::string beat() override;
  void farewell(const std::string& reason) override { peers_.farewell(reason); }
  bool part(bool said, const std::string& reason) override { return peers_.part(said, reason); }
  void abandon() override;
  std::string leave() override;

  // Of the ops of programs. They wait for other ranks from `begun` on, until `ended`.
  static NcclWire* joined();
  NcclGroup& ops() { return ops_; }
  void ops_begun();
  void ops_ended() { waiting_since_ = 0; }
  int device() const { return meeting_.device; }

 private:
  std::string exchange(const void* send, size_t send_bytes, void* receive, size_t receive_bytes,
                       const std::function<ncclResult_t(ncclComm_t, char*, char*)>& call);
  std::string blame(const std::string& problem);
  std::string wait_for(NcclGroup& group, std::chrono::milliseconds timeout);

  const Nccl& nccl_;
  const Meeting meeting_;
  std::chrono::milliseconds timeout_{0};
  TcpPeers peers_;
  // Two, so that what the host exchanges never gets between the ops of a step.
  NcclGroup ops_;
  NcclGroup host_;
  std::atomic<int64_t> begun_{0};          // ops and waits of this rank
  std::atomic<int64_t> waiting_since_{0};  // milliseconds; 0: the ops wait for nobody

  // An exchange of host memory: through memory of the device, on a stream of its own.
  enum class Stage { kIdle, kBegun, kQueued };
  Stage stage_ = Stage::kIdle;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t event_ = nullptr;
  std::unique_ptr<DeviceMemory> send_;
  std::unique_ptr<DeviceMemory> receive_;
  void* target_ = nullptr;
  size_t target_bytes_ = 0;
};

}  // namespace dist
}  // namespace clipa
