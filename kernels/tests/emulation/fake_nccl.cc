// A stand-in for NCCL that moves host memory between processes through sockets, for tests on
// machines without a GPU. It is stricter than NCCL: ranks whose calls differ, and a call before the
// last one was done, end in an error instead of waiting for ever.
//   CLIPA_FAKE_NCCL_VERSION  what ncclGetVersion says
//   CLIPA_FAKE_NCCL_FAIL     "rank:number": that call of that rank fails
//   CLIPA_FAKE_NCCL_LOG      a folder; each communicator writes its calls there
#include <dlfcn.h>
#include <nccl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

enum Kind : int { kGather, kReduceScatter, kAllReduce, kBroadcast };
const char* const kKinds[] = {"all-gather", "reduce-scatter", "all-reduce", "broadcast"};

struct Call {
  int kind = 0, type = 0, root = 0, padding = 0;
  size_t count = 0;
  size_t number = 0;  // among those of the communicator
};

struct Operands {
  const void* send;
  void* receive;
};

sockaddr_un address_of(const std::string& name, socklen_t* size) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // An abstract name: it goes with the process.
  std::memcpy(address.sun_path + 1, name.data(), std::min<size_t>(name.size(), 100));
  *size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return address;
}

}  // namespace

struct ncclComm {
  int rank = 0, ranks = 1;
  std::string name;
  std::vector<int> peers;  // sockets: of all others on rank 0, else that of rank 0
  std::atomic<bool> aborted{false};
  std::atomic<int> state{ncclInProgress};
  size_t calls = 0;
  std::mutex moving;  // one collective at a time

  std::mutex mutex;
  std::condition_variable changed;
  std::function<ncclResult_t()> work;
  bool ending = false;
  std::thread worker;

  ncclResult_t move(int socket, char* data, size_t bytes, bool out) {
    while (bytes > 0) {
      pollfd wanted{socket, static_cast<short>(out ? POLLOUT : POLLIN), 0};
      if (aborted) return ncclInternalError;
      if (poll(&wanted, 1, 20) == 0) continue;
      const ssize_t count = out ? send(socket, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT)
                                : recv(socket, data, bytes, MSG_DONTWAIT);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0) return ncclRemoteError;
      data += count;
      bytes -= static_cast<size_t>(count);
    }
    return ncclSuccess;
  }
  ncclResult_t put(int socket, const void* data, size_t bytes) {
    return move(socket, static_cast<char*>(const_cast<void*>(data)), bytes, true);
  }
  ncclResult_t get(int socket, void* data, size_t bytes) {
    return move(socket, static_cast<char*>(data), bytes, false);
  }

  ncclResult_t connect_all() {
    socklen_t size = 0;
    const sockaddr_un address = address_of(name, &size);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    const int own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (rank > 0) {
      while (connect(own, plain, size) != 0) {
        if (aborted) return ncclInternalError;
        usleep(10000);
      }
      peers = {own};
      return put(own, &rank, sizeof rank);
    }
    if (bind(own, plain, size) != 0 || listen(own, ranks) != 0) return ncclSystemError;
    peers.assign(ranks - 1, -1);
    for (int come = 1; come < ranks;) {
      pollfd wanted{own, POLLIN, 0};
      if (aborted) return ncclInternalError;
      if (poll(&wanted, 1, 20) == 0) continue;
      const int peer = accept(own, nullptr, nullptr);
      int number = 0;
      if (get(peer, &number, sizeof number) != ncclSuccess) continue;
      peers[number - 1] = peer;
      ++come;
    }
    close(own);
    return ncclSuccess;
  }

  ncclResult_t collective(const Call& call, const Operands& operands) {
    std::lock_guard<std::mutex> lock(moving);
    const size_t each = call.count * (call.type == ncclFloat ? 4 : 1);
    const size_t sent = call.kind == kReduceScatter ? each * ranks : each;
    const size_t received = call.kind == kGather ? each * ranks : each;
    if (rank > 0) {
      const int hub = peers[0];
      ncclResult_t result = put(hub, &call, sizeof call);
      if (result == ncclSuccess) result = put(hub, operands.send, sent);
      int status = ncclSuccess;
      if (result == ncclSuccess) result = get(hub, &status, sizeof status);
      if (result == ncclSuccess && status != ncclSuccess) return ncclResult_t(status);
      return result == ncclSuccess ? get(hub, operands.receive, received) : result;
    }
    std::vector<std::vector<char>> all(ranks, std::vector<char>(sent));
    std::memcpy(all[0].data(), operands.send, sent);
    int status = ncclSuccess;
    for (int r = 1; r < ranks; ++r) {
      Call other;
      const ncclResult_t result = get(peers[r - 1], &other, sizeof other);
      if (result != ncclSuccess) return result;
      if (std::memcmp(&other, &call, sizeof call) != 0) status = ncclInvalidUsage;
      if (status != ncclSuccess) continue;
      const ncclResult_t moved = get(peers[r - 1], all[r].data(), sent);
      if (moved != ncclSuccess) return moved;
    }
    for (int r = ranks - 1; r >= 0; --r) {
      const std::vector<char> part = combine(call, all, r, each);
      if (r == 0) {
        if (status == ncclSuccess) std::memcpy(operands.receive, part.data(), received);
        break;
      }
      put(peers[r - 1], &status, sizeof status);
      if (status == ncclSuccess) put(peers[r - 1], part.data(), received);
    }
    return ncclResult_t(status);
  }

  std::vector<char> combine(const Call& call, const std::vector<std::vector<char>>& all, int to,
                            size_t each) const {
    if (call.kind == kBroadcast) return all[call.root];
    std::vector<char> part;
    if (call.kind == kGather) {
      for (const auto& own : all) part.insert(part.end(), own.begin(), own.end());
      return part;
    }
    const size_t from = call.kind == kReduceScatter ? each * to : 0;
    part.assign(all[0].begin() + from, all[0].begin() + from + each);
    float* sum = reinterpret_cast<float*>(part.data());
    for (int r = 1; r < ranks; ++r) {
      const auto* more = reinterpret_cast<const float*>(all[r].data() + from);
      for (size_t i = 0; i < call.count; ++i) sum[i] += more[i];
    }
    return part;
  }

  void loop() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ending || work; });
      if (ending) return;
      const std::function<ncclResult_t()> own = std::move(work);
      work = nullptr;
      lock.unlock();
      state = own();
      lock.lock();
    }
  }

  ncclResult_t begin(std::function<ncclResult_t()> own) {
    std::lock_guard<std::mutex> lock(mutex);
    state = ncclInProgress;
    work = std::move(own);
    changed.notify_all();
    return ncclInProgress;
  }

  void end() {
    aborted = true;
    {
      std::lock_guard<std::mutex> lock(mutex);
      ending = true;
      changed.notify_all();
    }
    worker.join();
    std::lock_guard<std::mutex> lock(moving);
    for (const int peer : peers) close(peer);
    peers.clear();
    // Not freed: recordings may hold it.
  }
};

namespace {

struct Noted {
  ncclComm* comm;
  Call call;
  Operands operands;
};

cudaError_t replay(void* data) {
  const auto* noted = static_cast<const Noted*>(data);
  ncclComm& comm = *noted->comm;
  if (comm.aborted) return cudaErrorLaunchFailure;
  const ncclResult_t result = comm.collective(noted->call, noted->operands);
  if (result != ncclSuccess) comm.state = result;
  return result == ncclSuccess ? cudaSuccess : cudaErrorLaunchFailure;
}

using Note = bool (*)(cudaStream_t, cudaError_t (*)(void*), void*);

Note find_note() {
  const char* path = std::getenv("CLIPA_LIBRARY");
  void* library = path != nullptr ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : nullptr;
  void* found = library != nullptr ? dlsym(library, "clipa_emulation_note") : nullptr;
  return reinterpret_cast<Note>(found);
}

bool shall_fail(const ncclComm& comm) {
  const char* given = std::getenv("CLIPA_FAKE_NCCL_FAIL");
  return given != nullptr && given == std::to_string(comm.rank) + ":" + std::to_string(comm.calls);
}

void log(const ncclComm& comm, const Call& call, bool noted) {
  const char* folder = std::getenv("CLIPA_FAKE_NCCL_LOG");
  if (folder == nullptr) return;
  const std::string file = std::string(folder) + "/" + comm.name + "." + std::to_string(comm.rank);
  std::ofstream(file, std::ios::app)
      << kKinds[call.kind] << " " << call.count << (noted ? " recorded\n" : "\n");
}

ncclResult_t start(Kind kind, const Operands& operands, size_t count, ncclDataType_t type, int root,
                   ncclComm_t comm, cudaStream_t stream) {
  if (comm->aborted || comm->state != ncclSuccess) return ncclInvalidUsage;
  if (shall_fail(*comm)) {
    comm->state = ncclSystemError;
    return ncclSystemError;
  }
  Call call;
  call.kind = kind;
  call.type = type;
  call.root = root;
  call.count = count;
  call.number = comm->calls++;
  static const Note note = find_note();
  const bool noted = note != nullptr && note(stream, replay, new Noted{comm, call, operands});
  log(*comm, call, noted);
  if (noted) return ncclSuccess;
  return comm->begin([=] { return comm->collective(call, operands); });
}

}  // namespace

#define FAKE extern "C" __attribute__((visibility("default")))

FAKE ncclResult_t ncclGetVersion(int* version) {
  const char* given = std::getenv("CLIPA_FAKE_NCCL_VERSION");
  *version = given != nullptr ? std::atoi(given) : 23203;
  return ncclSuccess;
}
FAKE ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static std::atomic<int> count{0};
  std::memset(id, 0, sizeof *id);
  std::snprintf(id->internal, sizeof id->internal, "clipa-fake-nccl-%d-%d", getpid(), count++);
  return ncclSuccess;
}
FAKE ncclResult_t ncclCommInitRankConfig(ncclComm_t* made, int ranks, ncclUniqueId id, int rank,
                                         ncclConfig_t* config) {
  if (config == nullptr || config->blocking != 0) return ncclInvalidUsage;
  auto* comm = new ncclComm();
  comm->rank = rank;
  comm->ranks = ranks;
  comm->name = id.internal;
  comm->worker = std::thread([comm] { comm->loop(); });
  *made = comm;
  return comm->begin([comm] { return comm->connect_all(); });
}
FAKE ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  *error = ncclResult_t(comm->state.load());
  return ncclSuccess;
}
FAKE ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  if (comm->state != ncclSuccess) return ncclInvalidUsage;
  return comm->begin([] { return ncclSuccess; });
}
FAKE ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  comm->end();
  return ncclSuccess;
}
FAKE ncclResult_t ncclCommAbort(ncclComm_t comm) { return ncclCommDestroy(comm); }
FAKE const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSystemError:
      return "unhandled system error";
    case ncclInvalidUsage:
      return "invalid usage";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    default:
      return "internal error";
  }
}
FAKE ncclResult_t ncclAllGather(const void* send, void* receive, size_t count, ncclDataType_t type,
                                ncclComm_t comm, cudaStream_t stream) {
  return start(kGather, {send, receive}, count, type, 0, comm, stream);
}
FAKE ncclResult_t ncclReduceScatter(const void* send, void* receive, size_t count,
                                    ncclDataType_t type, ncclRedOp_t, ncclComm_t comm,
                                    cudaStream_t stream) {
  return start(kReduceScatter, {send, receive}, count, type, 0, comm, stream);
}
FAKE ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type,
                                ncclRedOp_t, ncclComm_t comm, cudaStream_t stream) {
  return start(kAllReduce, {send, receive}, count, type, 0, comm, stream);
}
FAKE ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type,
                                int root, ncclComm_t comm, cudaStream_t stream) {
  return start(kBroadcast, {send, receive}, count, type, root, comm, stream);
}
