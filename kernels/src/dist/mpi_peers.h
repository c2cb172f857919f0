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
  // `name` is what messages call this rank's process: at most 99 bytes.
  MpiPeers(const Mpi& mpi, int rank, int ranks, const std::string& name,
           std::chrono::milliseconds silence);

  // Sends and hears; returns what is wrong with another rank, or nothing.
  std::string beat();

  // Tells all others that this rank ends and why; waits a moment for the words to leave.
  void farewell(const std::string& reason);

  // As Wire::part.
  bool part(bool said, const std::string& reason);

  // Ends listening, before MPI is finalized.
  void close();

  // "rank 1 (process 123 on host)", once it has been heard of.
  std::string name(int rank) const;
  std::vector<std::string> names;

 private:
  using Clock = std::chrono::steady_clock;
  enum Kind : int32_t { kBeat, kLeaving, kSaid };
  struct Message {
    int32_t rank;
    int32_t kind;
    char name[100];  // of the process; the names of all are not known while ranks still join
    char text[404];
  };

  void listen();
  bool hear(Message* message);
  bool send(int peer, Kind kind, const std::string& text);

  const Mpi& mpi_;
  const int rank_;
  const int ranks_;
  const Clock::duration silence_;
  Clock::time_point sent_;
  Clock::time_point looked_;
  std::vector<Clock::time_point> heard_;
  std::vector<bool> lost_;
  std::vector<bool> said_;  // why it ends
  std::vector<bool> told_;  // that this rank has said it
  Message incoming_{};
  MpiRequest listening_ = nullptr;
  std::vector<Message>
      outgoing_;  // one per peer: a message must stay where it is until it has left
  std::vector<MpiRequest> sending_;
};

}  // namespace dist
}  // namespace clipa
