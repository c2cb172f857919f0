#include "dist/mpi_peers.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "dist/wire.h"

namespace clipa {
namespace dist {

namespace {

constexpr int kTag = 1701;
constexpr std::chrono::milliseconds kInterval(500);
// This process itself stood still (a suspended job): what the others did meanwhile is not known.
constexpr std::chrono::seconds kStoodStill(3);

}  // namespace

MpiPeers::MpiPeers(const Mpi& mpi, int rank, int ranks, const std::string& name,
                   std::chrono::milliseconds silence)
    : names(ranks),
      mpi_(mpi),
      rank_(rank),
      ranks_(ranks),
      silence_(silence),
      sent_(Clock::now() - kInterval),
      looked_(Clock::now()),
      heard_(ranks, Clock::now()),
      lost_(ranks, false),
      said_(ranks, false),
      told_(ranks, false),
      outgoing_(ranks),
      sending_(ranks, nullptr) {
  names[rank] = name;
  listen();
}

std::string MpiPeers::name(int rank) const {
  const std::string number = "rank " + std::to_string(rank);
  const bool known = rank >= 0 && rank < ranks_ && !names[rank].empty();
  return known ? number + " (" + names[rank] + ")" : number;
}

void MpiPeers::listen() {
  mpi_.Irecv(&incoming_, sizeof incoming_, mpi_.bytes, kMpiAnySource, kTag, mpi_.world,
             &listening_);
}

bool MpiPeers::hear(Message* message) {
  int arrived = 0;
  mpi_.Test(&listening_, &arrived, nullptr);
  if (!arrived) return false;
  *message = incoming_;
  listen();
  message->name[sizeof message->name - 1] = message->text[sizeof message->text - 1] = '\0';
  heard_[message->rank] = Clock::now();
  names[message->rank] = message->name;
  if (message->kind == kSaid) said_[message->rank] = true;
  return true;
}

// False where the last message to the peer has not left yet.
bool MpiPeers::send(int peer, Kind kind, const std::string& text) {
  int done = 1;
  if (sending_[peer] != nullptr) mpi_.Test(&sending_[peer], &done, nullptr);
  if (!done) return false;
  Message& message = outgoing_[peer];
  message = Message{};
  message.rank = rank_;
  message.kind = kind;
  std::strncpy(message.name, names[rank_].c_str(), sizeof message.name - 1);
  std::strncpy(message.text, text.c_str(), sizeof message.text - 1);
  mpi_.Isend(&message, sizeof message, mpi_.bytes, peer, kTag, mpi_.world, &sending_[peer]);
  return true;
}

std::string MpiPeers::beat() {
  const Clock::time_point now = Clock::now();
  if (now - looked_ > kStoodStill) std::fill(heard_.begin(), heard_.end(), now);
  looked_ = now;
  if (now - sent_ >= kInterval) {
    // A peer that takes nothing gets nothing more.
    for (int peer = 0; peer < ranks_; ++peer) {
      if (peer != rank_) send(peer, kBeat, "");
    }
    sent_ = now;
  }
  Message message;
  while (hear(&message)) {
    if (message.kind == kLeaving) return name(message.rank) + " ended: " + message.text;
    // It has heard of the failure before this rank, and says what it heard.
    if (message.kind == kSaid) return last_word(name(message.rank), message.text);
  }
  for (int peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_ || now - heard_[peer] < silence_) continue;
    lost_[peer] = true;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - heard_[peer]);
    return name(peer) + " gave no sign of life for " + std::to_string(seconds.count()) +
           " s: it was killed or stopped, or its machine is gone";
  }
  return "";
}

void MpiPeers::farewell(const std::string& reason) {
  const Clock::time_point until = Clock::now() + std::chrono::milliseconds(500);
  std::vector<bool> sent(ranks_, false);
  for (bool left = false; !left && Clock::now() < until;) {
    left = true;
    for (int peer = 0; peer < ranks_; ++peer) {
      if (peer == rank_) continue;
      int done = 0;
      if (!sent[peer]) {
        sent[peer] = send(peer, kLeaving, reason);
      } else if (sending_[peer] == nullptr) {
        done = 1;
      } else {
        mpi_.Test(&sending_[peer], &done, nullptr);
      }
      left = left && done;
    }
    if (!left) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool MpiPeers::part(bool said, const std::string& reason) {
  Message message;
  while (hear(&message)) {
  }
  bool all = true;
  for (int peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_ || lost_[peer]) continue;
    if (said && !told_[peer]) told_[peer] = send(peer, kSaid, reason);
    int left = 1;
    if (sending_[peer] != nullptr) mpi_.Test(&sending_[peer], &left, nullptr);
    all = all && said_[peer] && told_[peer] && left;
  }
  return all;
}

void MpiPeers::close() {
  if (listening_ == nullptr) return;
  mpi_.Cancel(&listening_);
  mpi_.Request_free(&listening_);
}

}  // namespace dist
}  // namespace clipa
