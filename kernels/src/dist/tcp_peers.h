// Signs of life between ranks that have no MPI: every rank has a connection to rank 0, which passes
// on what it finds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace clipa {
namespace dist {

// A socket that waits for connections at a free port of this machine. Throws std::runtime_error.
struct Listener {
  int socket = -1;
  int port = 0;
};
Listener listen_anywhere();

// Used by the communicator's thread alone.
class TcpPeers {
 public:
  TcpPeers(int rank, int ranks);
  ~TcpPeers();
  TcpPeers(const TcpPeers&) = delete;
  TcpPeers& operator=(const TcpPeers&) = delete;

  // A rank that gives no sign of life for so long counts as lost.
  void set_silence(std::chrono::milliseconds silence) { silence_ = silence; }

  // What a rank says of itself: the job's token, a name for messages, and what no other rank may
  // have too.
  struct Self {
    std::string token;
    std::string name;     // at most 100 bytes
    std::string device;   // at most 100 bytes
    std::string problem;  // why this rank cannot take part; all ranks are told
  };
  // Rank 0 waits for the others; they come to it. Empty, or what is wrong, the same on all.
  std::string welcome(int listener, const Self& self, std::chrono::milliseconds timeout);
  std::string come(const std::string& host, int port, const Self& self,
                   std::chrono::milliseconds timeout);

  // Sends and hears; returns what is wrong with another rank, or nothing. `progress` is how many
  // collectives this rank has begun.
  std::string beat(int64_t progress);
  // On rank 0: the ranks that had begun fewer when they were last heard of; empty when none had.
  std::string laggards(int64_t progress) const;
  // On rank 0: gives the others a problem as it stands. Returns it.
  std::string pass_on(const std::string& problem);
  // Tells all others that this rank ends and why; waits a moment for the words to leave.
  void farewell(const std::string& reason);
  // As Wire::part: the others say so to rank 0, which tells them once all have.
  bool part(bool said, const std::string& reason);
  // "rank 1 (process 123 on host)", once the names are known.
  std::string name(int rank) const;

 private:
  using Clock = std::chrono::steady_clock;
  enum Kind : int32_t {
    kHello,
    kName,
    kWelcome,
    kRefuse,
    kBeat,
    kLeaving,
    kVerdict,
    kSaid,
    kAllSaid
  };
  struct Message {
    int32_t kind;
    int32_t rank;
    char text[504];
  };
  struct Peer {
    int socket = -1;
    int rank = -1;  // unknown before its hello
    Clock::time_point heard;
    int64_t progress = 0;
    bool said = false;  // why it ends; of rank 0: that all have
    std::string out;    // what the socket did not take yet
    std::string in;
  };

  std::string greet(Peer& peer, const Message& hello, const Self& self);
  void conclude(const std::string& problem);
  bool receive(Peer& peer, Message* message);
  void send(Peer& peer, Kind kind, int rank, const std::string& text);
  bool flush(Peer& peer);
  void flush_all(std::chrono::milliseconds most);

  const int rank_;
  const int ranks_;
  bool told_ = false;  // the others, that this rank has said why it ends
  Clock::duration silence_ = std::chrono::seconds(8);
  Clock::time_point sent_;
  Clock::time_point looked_;
  std::vector<Peer> peers_;
  std::vector<std::string> names_;
  std::vector<std::string> devices_;
};

}  // namespace dist
}  // namespace clipa
