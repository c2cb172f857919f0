#include "dist/mpi_peers.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace clipa {
namespace dist {

namespace {

constexpr int kTag = 1701;
constexpr std::chrono::milliseconds kInterval(500);
// This process itself stood still (a suspended job): what the others did meanwhile is not known.
constexpr std::chrono::seconds kStoodStill(3);

}  // namespace

MpiPeers::MpiPeers(const Mpi& mpi, int rank, int ranks, std::chrono::milliseconds silence)
    : mpi_(mpi),
      rank_(rank),
      ranks_(ranks),
      silence_(silence),
      sent_(Clock::now() - kInterval),
      looked_(Clock::now()),
      heard_(ranks, Clock::now()),
      outgoing_(ranks),
      sending_(ranks, nullptr) {
  listen();
}

std::string MpiPeers::name(int rank) const {
  const std::string number = "rank " + std::to_string(rank);
  const size_t index = static_cast<size_t>(rank);
  return index < names.size() ? number + " (" + names[index] + ")" : number;
}

void MpiPeers::listen() {
  mpi_.Irecv(&incoming_, sizeof incoming_, mpi_.bytes, kMpiAnySource, kTag, mpi_.world,
             &listening_);
}

void MpiPeers::send(const Message& message) {
  for (int peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_) continue;
    int done = 1;
    if (sending_[peer] != nullptr) mpi_.Test(&sending_[peer], &done, nullptr);
    // A peer that takes nothing gets nothing more.
    if (!done) continue;
    outgoing_[peer] = message;
    mpi_.Isend(&outgoing_[peer], sizeof(Message), mpi_.bytes, peer, kTag, mpi_.world,
               &sending_[peer]);
  }
}

std::string MpiPeers::beat() {
  const Clock::time_point now = Clock::now();
  if (now - looked_ > kStoodStill) std::fill(heard_.begin(), heard_.end(), now);
  looked_ = now;
  if (now - sent_ >= kInterval) {
    Message message{};
    message.rank = rank_;
    send(message);
    sent_ = now;
  }
  for (;;) {
    int arrived = 0;
    mpi_.Test(&listening_, &arrived, nullptr);
    if (!arrived) break;
    const int from = incoming_.rank;
    if (from >= 0 && from < ranks_) heard_[from] = now;
    if (incoming_.leaving) {
      incoming_.reason[sizeof incoming_.reason - 1] = '\0';
      const std::string reason = incoming_.reason;
      listen();
      return name(from) + " ended: " + reason;
    }
    listen();
  }
  for (int peer = 0; peer < ranks_; ++peer) {
    if (peer == rank_ || now - heard_[peer] < silence_) continue;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - heard_[peer]);
    return name(peer) + " gave no sign of life for " + std::to_string(seconds.count()) +
           " s: it was killed or stopped, or its machine is gone";
  }
  return "";
}

void MpiPeers::farewell(const std::string& reason) {
  Message message{};
  message.rank = rank_;
  message.leaving = 1;
  std::strncpy(message.reason, reason.c_str(), sizeof message.reason - 1);
  const Clock::time_point until = Clock::now() + std::chrono::milliseconds(500);
  send(message);
  for (bool left = false; !left && Clock::now() < until;) {
    left = true;
    for (MpiRequest& request : sending_) {
      int done = 1;
      if (request != nullptr) mpi_.Test(&request, &done, nullptr);
      left = left && done;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void MpiPeers::close() {
  if (listening_ == nullptr) return;
  mpi_.Cancel(&listening_);
  mpi_.Request_free(&listening_);
}

}  // namespace dist
}  // namespace clipa
