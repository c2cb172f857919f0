#include "cuda/nccl_wire.h"

#include <cuda_runtime.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <stdexcept>
#include <thread>

#include "cuda/check.h"

namespace clipa {
namespace dist {

namespace {

using std::chrono::milliseconds;

// How long ranks that the rendezvous has brought together may take to connect.
constexpr milliseconds kMeeting(60000);
constexpr milliseconds kLeaving(10000);
constexpr milliseconds kBlame(2000);

const char kForm[] = "clipa1";

std::atomic<NcclWire*> joined_wire{nullptr};
std::mutex meeting_mutex;
Meeting* meeting_place = nullptr;  // of meet(), for make_wire()
Listener own_listener;             // of new_identity()

int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string to_hex(const char* bytes, size_t count) {
  static const char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[(bytes[i] >> 4) & 15];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

// What new_identity() wrote: form, port, token, and the ids of the two communicators.
struct Identity {
  int port = 0;
  std::string token;
  ncclUniqueId ids[2];

  explicit Identity(const std::string& text) {
    char form[8] = {}, token_text[33] = {}, hex[2][2 * NCCL_UNIQUE_ID_BYTES + 1] = {};
    const int count = std::sscanf(text.c_str(), "%7s %d %32s %256s %256s", form, &port, token_text,
                                  hex[0], hex[1]);
    bool good = count == 5 && std::strcmp(form, kForm) == 0 && port > 0 && port < 65536;
    for (int i = 0; good && i < 2; ++i) {
      good = std::strlen(hex[i]) == 2 * NCCL_UNIQUE_ID_BYTES;
      for (int b = 0; good && b < NCCL_UNIQUE_ID_BYTES; ++b) {
        unsigned value = 0;
        good = std::sscanf(hex[i] + 2 * b, "%2x", &value) == 1;
        ids[i].internal[b] = static_cast<char>(value);
      }
    }
    if (!good) {
      throw std::runtime_error(
          "the identity of the ranks is not one that rank 0 made; give all ranks the same kit");
    }
    token = token_text;
  }
};

std::string device_text(int device, const char* host) {
  char bus[32] = {};
  check(cudaDeviceGetPCIBusId(bus, sizeof bus, device), "cudaDeviceGetPCIBusId");
  return std::string("the GPU ") + bus + " of " + host;
}

}  // namespace

NcclWire::NcclWire(const Nccl& nccl, const Meeting& meeting)
    : nccl_(nccl),
      meeting_(meeting),
      peers_(meeting.rank, meeting.ranks),
      ops_(nccl),
      host_(nccl) {}

NcclWire::~NcclWire() = default;

NcclWire* NcclWire::joined() { return joined_wire; }

std::string NcclWire::join(milliseconds silence, milliseconds timeout) {
  timeout_ = timeout;
  peers_.set_silence(silence);
  const Identity identity(meeting_.identity);
  char host[64] = {};
  gethostname(host, sizeof host - 1);
  TcpPeers::Self self{
      identity.token,
      "process " + std::to_string(static_cast<int>(getpid())) + " on " + std::string(host), "", ""};
  try {
    int count = 0;
    check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    if (meeting_.device < count) {
      check(cudaSetDevice(meeting_.device), "cudaSetDevice");
      self.device = device_text(meeting_.device, host);
    } else {
      self.problem = "shall use cuda:" + std::to_string(meeting_.device) + ", but " + host +
                     " has " + std::to_string(count) + " GPUs; start at most one rank per GPU";
    }
  } catch (const std::exception& error) {
    // Whoever has no GPU comes all the same, so that all ranks hear of it.
    self.problem = std::string("cannot use its GPU: ") + error.what();
  }
  std::string problem = meeting_.rank == 0
                            ? peers_.welcome(own_listener.socket, self, kMeeting)
                            : peers_.come(meeting_.host, identity.port, self, kMeeting);
  NcclGroup* const groups[] = {&ops_, &host_};
  for (int i = 0; problem.empty() && i < 2; ++i) {
    problem = groups[i]->begin(identity.ids[i], meeting_.rank, meeting_.ranks);
    if (problem.empty()) problem = wait_for(*groups[i], kMeeting);
  }
  if (!problem.empty()) return problem;
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream");
  check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "an event");
  joined_wire = this;
  return "";
}

std::string NcclWire::wait_for(NcclGroup& group, milliseconds timeout) {
  const int64_t until = now_ms() + timeout.count();
  std::string problem;
  while (!group.poll(&problem)) {
    if (problem.empty()) problem = peers_.beat(begun_);
    if (problem.empty() && now_ms() > until) {
      problem = "NCCL did not connect the ranks within " + std::to_string(timeout.count() / 1000) +
                " s; see that the machines reach each other, and what NCCL_DEBUG=INFO says";
    }
    if (!problem.empty()) return problem;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return "";
}

// --- exchanges of host memory

std::string NcclWire::exchange(const void* send, size_t send_bytes, void* receive,
                               size_t receive_bytes,
                               const std::function<ncclResult_t(ncclComm_t, char*, char*)>& call) {
  check(cudaSetDevice(meeting_.device), "cudaSetDevice");
  const auto grow = [&](std::unique_ptr<DeviceMemory>& memory, size_t bytes) {
    if (!memory || memory->bytes() < bytes) {
      memory = std::make_unique<DeviceMemory>(meeting_.device, bytes);
    }
  };
  grow(send_, send_bytes);
  grow(receive_, receive_bytes);
  check(cudaMemcpyAsync(send_->data(), send, send_bytes, cudaMemcpyHostToDevice, stream_),
        "copy to the device");
  target_ = receive;
  target_bytes_ = receive_bytes;
  stage_ = Stage::kBegun;
  std::string problem;
  host_.begin([&](ncclComm_t comm) { return call(comm, send_->data(), receive_->data()); },
              &problem);
  return problem.empty() ? "" : blame(problem);
}

std::string NcclWire::gather(const void* send, void* receive, int64_t count, Element element) {
  const size_t bytes = static_cast<size_t>(count) * (element == Element::kByte ? 1 : 4);
  return exchange(send, bytes, receive, bytes * meeting_.ranks,
                  [=](ncclComm_t comm, char* from, char* to) {
                    return nccl_.AllGather(from, to, bytes, ncclInt8, comm, stream_);
                  });
}

std::string NcclWire::spread(const void*, void*, int64_t) {
  return "sums of host memory are not made on CUDA";
}

std::string NcclWire::broadcast(void* data, int64_t bytes, int root) {
  const size_t size = static_cast<size_t>(bytes);
  return exchange(data, size, data, size, [=](ncclComm_t comm, char* from, char* to) {
    return nccl_.Broadcast(from, to, size, ncclInt8, root, comm, stream_);
  });
}

std::string NcclWire::test(bool* done) {
  *done = false;
  std::string problem;
  if (stage_ == Stage::kBegun && host_.poll(&problem)) {
    check(cudaEventRecord(event_, stream_), "an event");
    stage_ = Stage::kQueued;
  }
  if (stage_ == Stage::kQueued) {
    const cudaError_t state = cudaEventQuery(event_);
    if (state == cudaErrorNotReady) return "";
    check(state, "an exchange between the ranks");
    receive_->read(0, target_, target_bytes_);
    stage_ = Stage::kIdle;
    *done = true;
  }
  return problem.empty() ? "" : blame(problem);
}

// --- signs of life

std::string NcclWire::beat() {
  std::string problem = peers_.beat(begun_);
  if (!problem.empty()) return problem;
  for (NcclGroup* group : {&ops_, &host_}) {
    group->poll(&problem);
    if (!problem.empty()) return blame(problem);
  }
  const int64_t since = waiting_since_;
  // The others give rank 0, which hears from all, a moment to say who it is.
  const int64_t patience = timeout_.count() + (meeting_.rank == 0 ? 0 : 2000);
  if (since == 0 || now_ms() - since <= patience) return "";
  const std::string who = peers_.laggards(begun_);
  problem = "a collective of a step took longer than " + std::to_string(timeout_.count() / 1000) +
            " s: " + (who.empty() ? "a rank" : who) +
            " lives but does not take part; set CLIPA_DIST_TIMEOUT to wait longer";
  return meeting_.rank == 0 ? peers_.pass_on(problem) : problem;
}

// NCCL says that a connection broke; the sockets say a moment later whose.
std::string NcclWire::blame(const std::string& problem) {
  for (const int64_t until = now_ms() + kBlame.count(); now_ms() < until;) {
    const std::string who = peers_.beat(begun_);
    if (!who.empty()) return who;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return problem;
}

void NcclWire::ops_begun() {
  ++begun_;
  int64_t none = 0;
  waiting_since_.compare_exchange_strong(none, now_ms());
}

void NcclWire::abandon() {
  ops_.abort();
  host_.abort();
}

std::string NcclWire::leave() {
  joined_wire = nullptr;
  const std::string first = ops_.close(kLeaving), second = host_.close(kLeaving);
  return first.empty() ? second : first;
}

// --- what the build has of its own

void load_engine(const std::string& path) { load_nccl(path); }

std::unique_ptr<Wire> make_wire() {
  std::lock_guard<std::mutex> lock(meeting_mutex);
  const Nccl* nccl = loaded_nccl();
  if (nccl == nullptr) throw std::runtime_error("NCCL is not loaded; call clipa_dist_load first");
  if (meeting_place == nullptr) {
    throw std::runtime_error("where the ranks meet is not known; call clipa_dist_meet first");
  }
  return std::make_unique<NcclWire>(*nccl, *meeting_place);
}

std::string new_identity() {
  const Nccl* nccl = loaded_nccl();
  if (nccl == nullptr) throw std::runtime_error("NCCL is not loaded; call clipa_dist_load first");
  std::lock_guard<std::mutex> lock(meeting_mutex);
  if (own_listener.socket >= 0) close(own_listener.socket);
  own_listener = listen_anywhere();
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) {
    const uint32_t word = random();
    char bytes[4];
    std::memcpy(bytes, &word, sizeof bytes);
    token += to_hex(bytes, sizeof bytes);
  }
  std::string text = std::string(kForm) + " " + std::to_string(own_listener.port) + " " + token;
  for (int i = 0; i < 2; ++i) {
    ncclUniqueId id;
    const ncclResult_t result = nccl->GetUniqueId(&id);
    if (result != ncclSuccess) {
      throw std::runtime_error(std::string("NCCL makes no id: ") + nccl->GetErrorString(result));
    }
    text += " " + to_hex(id.internal, sizeof id.internal);
  }
  return text;
}

void meet(const Meeting& meeting) {
  const Identity checked(meeting.identity);
  std::lock_guard<std::mutex> lock(meeting_mutex);
  if (meeting.rank == 0 && own_listener.socket < 0) {
    throw std::runtime_error("rank 0 makes the identity itself; call clipa_dist_identity first");
  }
  delete meeting_place;
  meeting_place = new Meeting(meeting);
}

}  // namespace dist
}  // namespace clipa
