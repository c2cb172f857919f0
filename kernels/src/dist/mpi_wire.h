// The ranks as Open MPI joins them.
#pragma once

#include <memory>

#include "dist/mpi_peers.h"
#include "dist/wire.h"

namespace clipa {
namespace dist {

class MpiWire : public Wire {
 public:
  explicit MpiWire(const Mpi& mpi) : mpi_(mpi) {}

  std::string join(std::chrono::milliseconds silence, std::chrono::milliseconds timeout) override;
  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }
  std::string gather(const void* send, void* receive, int64_t count, Element element) override;
  std::string spread(const void* send, void* receive, int64_t count) override;
  std::string broadcast(void* data, int64_t bytes, int root) override;
  std::string test(bool* done) override;
  std::string beat() override { return peers_->beat(); }
  void farewell(const std::string& reason) override { peers_->farewell(reason); }
  bool part(bool said, const std::string& reason) override {
    return peers_ == nullptr || peers_->part(said, reason);
  }
  std::string leave() override;

 private:
  std::string said(int code) const;

  const Mpi& mpi_;
  int rank_ = 0;
  int ranks_ = 1;
  std::unique_ptr<MpiPeers> peers_;
  MpiRequest request_ = nullptr;
};

}  // namespace dist
}  // namespace clipa
