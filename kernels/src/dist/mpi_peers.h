// Signs of life between the ranks, and their last words.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dist/mpi_library.h"

namespace clipa {
namespace dist {

// Used by the communicator's thread alone.
class MpiPeers {
 public:
  MpiPeers(const Mpi& mpi, int rank, int ranks, std::chrono::milliseconds silence);

  // Sends and hears; returns what is wrong with another rank, or nothing.
  std::string beat();

  // Tells all others that this rank ends and why; waits a moment for the words to leave.
  void farewell(const std::string& reason);

  // Ends listening, before MPI is finalized.
  void close();

  // "rank 1 (process 123 on host)", once the names are known.
  std::string name(int rank) const;
  std::vector<std::string> names;

 private:
  using Clock = std::chrono::steady_clock;
  struct Message {
    int32_t rank;
    int32_t leaving;
    char reason[504];
  };

  void listen();
  void send(const Message& message);

  const Mpi& mpi_;
  const int rank_;
  const int ranks_;
  const Clock::duration silence_;
  Clock::time_point sent_;
  Clock::time_point looked_;
  std::vector<Clock::time_point> heard_;
  Message incoming_{};
  MpiRequest listening_ = nullptr;
  std::vector<Message>
      outgoing_;  // one per peer: a message must stay where it is until it has left
  std::vector<MpiRequest> sending_;
};

}  // namespace dist
}  // namespace clipa
