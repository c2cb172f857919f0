// What a stranger, or a rank that has lost its mind, sends to rank 0.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dist/tcp_peers.h"
#include "input.h"

using namespace fuzz;  // NOLINT: a program of one file

namespace {

constexpr char kToken[] = "token";

void append_message(std::vector<uint8_t>& out, int32_t kind, int32_t rank,
                    const std::string& text) {
  std::vector<uint8_t> message(512);
  std::memcpy(message.data(), &kind, 4);
  std::memcpy(message.data() + 4, &rank, 4);
  std::memcpy(message.data() + 8, text.data(), std::min<size_t>(text.size(), 504));
  out.insert(out.end(), message.begin(), message.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  const uint32_t mode = input.take<uint8_t>();
  const int ranks = 2 + static_cast<int>(input.below(3));
  std::vector<uint8_t> sent;
  // A sound hello, so that what follows is read.
  if (mode & 1) append_message(sent, 0, 1, std::string(kToken) + "\nits name\nits device");
  for (uint32_t left = input.below(6); left > 0; --left) {
    const auto kind = mode & 2 ? input.take<int32_t>() : static_cast<int32_t>(input.below(8));
    const auto rank = mode & 4 ? input.take<int32_t>() : static_cast<int32_t>(input.below(5));
    std::string text = mode & 8 ? std::string(kToken) + "\n" : "";
    for (uint32_t some = input.below(40); some > 0; --some) text += input.take<char>();
    append_message(sent, kind, rank, text);
  }
  const auto rest = input.fill(std::min<size_t>(input.left(), 2048));
  sent.insert(sent.end(), rest.begin(), rest.end());

  const clipa::dist::Listener listener = clipa::dist::listen_anywhere();
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(listener.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  demand(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connected");
  demand(send(client, sent.data(), sent.size(), 0) == static_cast<ssize_t>(sent.size()), "sent");
  shutdown(client, SHUT_WR);

  clipa::dist::TcpPeers peers(0, ranks);
  const clipa::dist::TcpPeers::Self self{kToken, "rank zero", "device 0", ""};
  const std::string problem = peers.welcome(listener.socket, self, std::chrono::milliseconds(0));
  if (problem.empty()) {
    // The connection has ended behind the messages: that is a problem by itself.
    std::string found;
    for (int i = 0; i < 3 && found.empty(); ++i) found = peers.beat(i);
    demand(!found.empty(), "a rank that is gone is noticed");
    peers.laggards(1);
    peers.farewell("the end");
  }
  close(client);
  return 0;
}
