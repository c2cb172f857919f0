#include "dist/tcp_peers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "dist/wire.h"

namespace clipa {
namespace dist {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval(500);
constexpr milliseconds kPause(10);
// Begins what stands in place of a device, when a rank has none.
constexpr char kProblem = '!';
// This process itself stood still (a suspended job): what the others did meanwhile is not known.
constexpr std::chrono::seconds kStoodStill(3);

void prepare(int socket) {
  const int on = 1;
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_once(const std::string& host, int port, std::string* why) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error != 0) {
    *why = gai_strerror(error);
    return -1;
  }
  int made = -1;
  for (addrinfo* at = found; at != nullptr && made < 0; at = at->ai_next) {
    made = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    if (made >= 0 && connect(made, at->ai_addr, at->ai_addrlen) != 0) {
      *why = std::strerror(errno);
      close(made);
      made = -1;
    }
  }
  freeaddrinfo(found);
  return made;
}

std::string seconds_of(std::chrono::steady_clock::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

}  // namespace

Listener listen_anywhere() {
  Listener made;
  made.socket = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (made.socket < 0 || bind(made.socket, plain, size) != 0 || listen(made.socket, 1024) != 0 ||
      getsockname(made.socket, plain, &size) != 0) {
    const std::string why = std::strerror(errno);
    if (made.socket >= 0) close(made.socket);
    throw std::runtime_error("rank 0 cannot wait for the others: " + why);
  }
  prepare(made.socket);
  made.port = ntohs(address.sin_port);
  return made;
}

TcpPeers::TcpPeers(int rank, int ranks)
    : rank_(rank),
      ranks_(ranks),
      sent_(Clock::now() - kInterval),
      looked_(Clock::now()),
      names_(ranks),
      devices_(ranks) {}

TcpPeers::~TcpPeers() {
  for (Peer& peer : peers_) {
    if (peer.socket >= 0) close(peer.socket);
  }
}

std::string TcpPeers::name(int rank) const {
  const std::string number = "rank " + std::to_string(rank);
  const bool known = rank >= 0 && rank < ranks_ && !names_[rank].empty();
  return known ? number + " (" + names_[rank] + ")" : number;
}

// --- meeting

std::string TcpPeers::welcome(int listener, const Self& self, milliseconds timeout) {
  names_[0] = self.name;
  devices_[0] = self.device;
  // With a problem of its own rank 0 still waits, so that all hear of it.
  const std::string own = self.problem.empty() ? "" : name(0) + " " + self.problem;
  std::string problem;
  int come = 1;
  const Clock::time_point until = Clock::now() + timeout;
  while (problem.empty() && come < ranks_) {
    const int made = accept(listener, nullptr, nullptr);
    if (made >= 0) {
      prepare(made);
      peers_.emplace_back();
      peers_.back().socket = made;
    }
    for (Peer& peer : peers_) {
      Message hello;
      if (peer.socket < 0 || peer.rank >= 0 || !receive(peer, &hello)) continue;
      const std::string wrong = greet(peer, hello, self);
      if (problem.empty()) problem = wrong;
      come += peer.rank >= 0 ? 1 : 0;
    }
    if (problem.empty() && come < ranks_ && Clock::now() > until) {
      problem = "ranks did not come to rank 0 within " + seconds_of(timeout) + " s:";
      for (int r = 1; r < ranks_; ++r) {
        if (names_[r].empty()) problem += " " + std::to_string(r);
      }
    }
    if (made < 0) std::this_thread::sleep_for(kPause);
  }
  close(listener);
  peers_.erase(std::remove_if(peers_.begin(), peers_.end(),
                              [](const Peer& peer) {
                                if (peer.rank < 0 && peer.socket >= 0) close(peer.socket);
                                return peer.rank < 0;
                              }),
               peers_.end());
  if (!own.empty()) problem = own;
  conclude(problem);
  return problem;
}

// Takes in who came; a stranger is let go, a wrong rank is a problem.
std::string TcpPeers::greet(Peer& peer, const Message& hello, const Self& self) {
  const std::string text(hello.text, strnlen(hello.text, sizeof hello.text));
  const size_t first = text.find('\n'), second = text.find('\n', first + 1);
  if (hello.kind != kHello || second == std::string::npos || text.substr(0, first) != self.token) {
    close(peer.socket);
    peer.socket = -1;
    return "";
  }
  const int rank = hello.rank;
  if (rank < 1 || rank >= ranks_ || !names_[rank].empty()) {
    return "rank " + std::to_string(rank) + " came twice or is none of ranks 1 to " +
           std::to_string(ranks_ - 1);
  }
  peer.rank = rank;
  peer.heard = Clock::now();
  names_[rank] = text.substr(first + 1, second - first - 1);
  devices_[rank] = text.substr(second + 1);
  if (devices_[rank].empty()) return name(rank) + " has no device";
  if (devices_[rank][0] == kProblem) return name(rank) + " " + devices_[rank].substr(1);
  for (int other = 0; other < ranks_; ++other) {
    if (other == rank || devices_[other] != devices_[rank]) continue;
    return name(std::min(other, rank)) + " and " + name(std::max(other, rank)) + " both use " +
           devices_[rank] + "; every rank needs a GPU of its own: start fewer ranks, or see that " +
           "each has another CLIPA_LOCAL_RANK";
  }
  return "";
}

// Tells all that came whether the ranks are complete.
void TcpPeers::conclude(const std::string& problem) {
  for (Peer& peer : peers_) {
    for (int r = 0; problem.empty() && r < ranks_; ++r) send(peer, kName, r, names_[r]);
    send(peer, problem.empty() ? kWelcome : kRefuse, 0, problem);
    peer.heard = Clock::now();
  }
  flush_all(milliseconds(2000));
}

std::string TcpPeers::come(const std::string& host, int port, const Self& self,
                           milliseconds timeout) {
  const Clock::time_point until = Clock::now() + timeout;
  const std::string where = "rank 0 at " + host + ":" + std::to_string(port);
  std::string why;
  int made = -1;
  while ((made = connect_once(host, port, &why)) < 0) {
    if (Clock::now() > until) return where + " cannot be reached: " + why;
    std::this_thread::sleep_for(milliseconds(100));
  }
  prepare(made);
  peers_.emplace_back();
  Peer& peer = peers_.back();
  peer.socket = made;
  peer.rank = 0;
  send(peer, kHello, rank_,
       self.token + "\n" + self.name + "\n" +
           (self.problem.empty() ? self.device : kProblem + self.problem));
  for (;;) {
    Message answer;
    flush(peer);
    while (receive(peer, &answer)) {
      const std::string text(answer.text, strnlen(answer.text, sizeof answer.text));
      if (answer.kind == kRefuse) return text;
      if (answer.kind == kName && answer.rank >= 0 && answer.rank < ranks_) {
        names_[answer.rank] = text;
      }
      if (answer.kind != kWelcome) continue;
      peer.heard = looked_ = Clock::now();
      return "";
    }
    if (peer.socket < 0) return where + " ended before all ranks had come";
    // Rank 0 gives up after its own timeout and says who is missing; a little patience lets it.
    if (Clock::now() > until + milliseconds(5000)) return where + " does not answer";
    std::this_thread::sleep_for(kPause);
  }
}

// --- signs of life

std::string TcpPeers::beat(int64_t progress) {
  const Clock::time_point now = Clock::now();
  if (now - looked_ > kStoodStill) {
    for (Peer& peer : peers_) peer.heard = now;
  }
  looked_ = now;
  const bool due = now - sent_ >= kInterval;
  if (due) sent_ = now;
  for (Peer& peer : peers_) {
    // A peer that takes nothing gets nothing more.
    if (due && peer.out.empty()) send(peer, kBeat, rank_, std::to_string(progress));
    flush(peer);
    Message message;
    while (receive(peer, &message)) {
      peer.heard = now;
      const std::string text(message.text, strnlen(message.text, sizeof message.text));
      // An empty one would read as no problem.
      if (message.kind == kVerdict) return text.empty() ? name(peer.rank) + " ended" : text;
      if (message.kind == kBeat) peer.progress = std::atoll(text.c_str());
      if (message.kind == kLeaving) return pass_on(name(message.rank) + " ended: " + text);
      if (message.kind != kSaid && message.kind != kAllSaid) continue;
      // It has heard of the failure before this rank, and says what it heard.
      peer.said = true;
      if (message.kind == kSaid) return pass_on(last_word(name(peer.rank), text));
    }
    if (peer.socket < 0) {
      return pass_on(name(peer.rank) +
                     " is gone: its connection was closed; it was killed, or its machine is gone");
    }
    if (now - peer.heard < silence_) continue;
    peer.said = true;  // it will not say anything more
    return pass_on(name(peer.rank) + " gave no sign of life for " + seconds_of(now - peer.heard) +
                   " s: it was killed or stopped, or its machine is gone");
  }
  return "";
}

std::string TcpPeers::laggards(int64_t progress) const {
  std::string found;
  for (const Peer& peer : peers_) {
    if (peer.progress < progress) found += (found.empty() ? "" : ", ") + name(peer.rank);
  }
  return found;
}

std::string TcpPeers::pass_on(const std::string& problem) {
  if (rank_ != 0) return problem;
  for (Peer& peer : peers_) send(peer, kVerdict, 0, problem);
  flush_all(milliseconds(500));
  return problem;
}

void TcpPeers::farewell(const std::string& reason) {
  for (Peer& peer : peers_) send(peer, kLeaving, rank_, reason);
  flush_all(milliseconds(500));
}

bool TcpPeers::part(bool said, const std::string& reason) {
  bool all = true;
  for (Peer& peer : peers_) {
    Message message;
    while (receive(peer, &message)) {
      if (message.kind == kSaid || message.kind == kAllSaid) peer.said = true;
    }
    all = all && (peer.said || peer.socket < 0);
    if (said && !told_ && rank_ != 0) send(peer, kSaid, rank_, reason);
  }
  if (said && rank_ != 0) told_ = true;
  if (said && rank_ == 0 && all) {
    for (Peer& peer : peers_) send(peer, kAllSaid, 0, "");
    flush_all(milliseconds(500));
  }
  for (Peer& peer : peers_) flush(peer);
  return said && all;
}

// --- messages

bool TcpPeers::receive(Peer& peer, Message* message) {
  char piece[4096];
  while (peer.socket >= 0 && peer.in.size() < sizeof(Message)) {
    const ssize_t count = recv(peer.socket, piece, sizeof piece, 0);
    if (count > 0) {
      peer.in.append(piece, static_cast<size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      break;
    } else {
      close(peer.socket);
      peer.socket = -1;
    }
  }
  if (peer.in.size() < sizeof(Message)) return false;
  std::memcpy(message, peer.in.data(), sizeof(Message));
  peer.in.erase(0, sizeof(Message));
  return true;
}

void TcpPeers::send(Peer& peer, Kind kind, int rank, const std::string& text) {
  Message message{};
  message.kind = kind;
  message.rank = rank;
  std::memcpy(message.text, text.data(), std::min(text.size(), sizeof message.text - 1));
  peer.out.append(reinterpret_cast<const char*>(&message), sizeof message);
}

// True when nothing is left, or nobody takes it.
bool TcpPeers::flush(Peer& peer) {
  while (peer.socket >= 0 && !peer.out.empty()) {
    const ssize_t count = ::send(peer.socket, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (count > 0) {
      peer.out.erase(0, static_cast<size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      return false;
    } else {
      // What it said before it went may still be read.
      peer.out.clear();
    }
  }
  return true;
}

void TcpPeers::flush_all(milliseconds most) {
  const Clock::time_point until = Clock::now() + most;
  for (bool left = false; !left && Clock::now() < until;) {
    left = true;
    for (Peer& peer : peers_) left = flush(peer) && left;
    if (!left) std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace dist
}  // namespace clipa
