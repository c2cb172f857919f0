// Ranks that meet over sockets, each on a thread of its own, under the address and
// undefined-behaviour sanitizers: good ones, ones that leave, and strangers that send anything.
// Exits with 1 when what a rank says is not what it should.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dist/tcp_peers.h"

namespace {

using clipa::dist::listen_anywhere;
using clipa::dist::Listener;
using clipa::dist::TcpPeers;
using std::chrono::milliseconds;

constexpr char kToken[] = "token";
constexpr int kMessageBytes = 512;

int failures = 0;

void expect(bool good, const std::string& what, const std::string& seen) {
  if (good) return;
  std::fprintf(stderr, "%s: seen \"%s\"\n", what.c_str(), seen.c_str());
  ++failures;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TcpPeers::Self self_of(int rank) {
  return {kToken, "process " + std::to_string(rank), "device " + std::to_string(rank), ""};
}

// Beats until something is wrong; then says so and parts.
std::string live(TcpPeers& peers) {
  std::string problem;
  for (int i = 0; i < 1500 && problem.empty(); ++i) {
    problem = peers.beat(i);
    std::this_thread::sleep_for(milliseconds(10));
  }
  for (int i = 0; i < 500 && !peers.part(true, problem); ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  return problem;
}

// Ranks as threads; what each said last. `leave`: the rank that says farewell.
std::vector<std::string> run(int ranks, int leave, const std::function<void(int port)>& strangers) {
  const Listener listener = listen_anywhere();
  std::vector<std::string> said(ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      TcpPeers peers(rank, ranks);
      peers.set_silence(milliseconds(3000));
      const milliseconds patience(20000);
      std::string& own = said[rank];
      own = rank == 0 ? peers.welcome(listener.socket, self_of(0), patience)
                      : peers.come("127.0.0.1", listener.port, self_of(rank), patience);
      if (!own.empty()) return;
      if (rank != leave) {
        own = live(peers);
        return;
      }
      for (int i = 0; i < 20; ++i) {
        own += peers.beat(i);
        std::this_thread::sleep_for(milliseconds(10));
      }
      // Longer than a message.
      peers.farewell("the disk is full " + std::string(2000, 'x'));
      for (int i = 0; i < 500 && !peers.part(true, "its own"); ++i) {
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
  }
  strangers(listener.port);
  for (std::thread& thread : threads) thread.join();
  return said;
}

int connect_to(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return made;
  close(made);
  return -1;
}

// A message as the wire has it: kind, rank, text without an end.
std::string message(int32_t kind, int32_t rank, const std::string& text) {
  std::string bytes(kMessageBytes, '\xff');
  std::memcpy(&bytes[0], &kind, 4);
  std::memcpy(&bytes[4], &rank, 4);
  std::memcpy(&bytes[8], text.data(), text.size());
  return bytes;
}

void say(int socket, const std::string& bytes) {
  if (socket >= 0 && send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return;
}

// Anything, of any length, from those who do not know the token.
void noise(int port, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int> sockets;
  for (int i = 0; i < 40; ++i) {
    sockets.push_back(connect_to(port));
    std::string bytes(random() % 3000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    say(sockets.back(), bytes);
    say(sockets.back(), message(0, static_cast<int32_t>(random()), "another\nname\ndevice"));
  }
  for (int socket : sockets) {
    if (socket >= 0) close(socket);
  }
}

}  // namespace

int main() {
  for (int leave : {0, 1, 2}) {
    const auto said = run(3, leave, [](int) {});
    for (int rank = 0; rank < 3; ++rank) {
      if (rank == leave) continue;
      const std::string wanted = "rank " + std::to_string(leave) + " (process " +
                                 std::to_string(leave) + ") ended: the disk is full xxx";
      expect(has(said[rank], wanted), "what rank " + std::to_string(rank) + " hears", said[rank]);
    }
  }
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    const auto said = run(3, 1, [seed](int port) { noise(port, seed); });
    expect(has(said[0], "rank 1 (process 1) ended"), "rank 0 among strangers", said[0]);
    expect(has(said[2], "rank 1 (process 1) ended"), "rank 2 among strangers", said[2]);
  }
  // One that knows the token and then says anything.
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    const Listener listener = listen_anywhere();
    std::thread bad([&] {
      std::mt19937 random(seed);
      const int socket = connect_to(listener.port);
      say(socket, message(0, 1, std::string(kToken) + "\nbad\n" + std::string(400, 'd')));
      for (int i = 0; i < 20; ++i) {
        const int32_t kind = static_cast<int32_t>(random() % 12) - 2;
        say(socket,
            message(kind, static_cast<int32_t>(random()), std::string(random() % 500, 'b')));
      }
      std::string half = message(4, 1, "1");
      say(socket, half.substr(0, random() % kMessageBytes));
      if (socket >= 0) close(socket);
    });
    TcpPeers peers(0, 2);
    peers.set_silence(milliseconds(3000));
    std::string problem = peers.welcome(listener.socket, self_of(0), milliseconds(20000));
    if (problem.empty()) problem = live(peers);
    expect(!problem.empty(), "rank 0 with a bad rank", problem);
    bad.join();
  }
  std::fprintf(stderr, "peers: %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
