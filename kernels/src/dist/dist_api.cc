// The exported functions of clipa_dist.h.
#include <atomic>
#include <cstring>
#include <string>

#include "base/guard.h"
#include "base/handles.h"
#include "clipa_dist.h"
#include "dist/communicator.h"

namespace clipa {
namespace dist {
namespace {

HandleTable<Job>& tickets() {
  static auto* table = new HandleTable<Job>();
  return *table;
}

int32_t outcome(const char* function, const std::string& problem) {
  return problem.empty() ? CLIPA_OK : fail(CLIPA_IO, std::string(function) + ": " + problem);
}

int32_t refuse(const char* function, const std::string& problem) {
  return fail(CLIPA_INVALID_ARGUMENT, std::string(function) + ": " + problem);
}

}  // namespace
}  // namespace dist
}  // namespace clipa

using namespace clipa;        // NOLINT: this file is the door between the namespace and C
using namespace clipa::dist;  // NOLINT

CLIPA_EXPORT int32_t clipa_dist_load(const char* library) {
  return guarded(__func__, [&]() -> int32_t {
    if (library == nullptr) return missing("clipa_dist_load", "library");
    try {
      load_engine(library);
    } catch (const std::exception& error) {
      return outcome("clipa_dist_load", error.what());
    }
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_identity(char* out, uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (out == nullptr) return missing("clipa_dist_identity", "out");
    try {
      const std::string text = new_identity();
      if (bytes <= text.size()) {
        return refuse("clipa_dist_identity",
                      "there are " + std::to_string(text.size() + 1) + " bytes to write");
      }
      std::memcpy(out, text.c_str(), text.size() + 1);
    } catch (const std::exception& error) {
      return outcome("clipa_dist_identity", error.what());
    }
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_meet(const char* identity, const char* host, int32_t rank,
                                     int32_t ranks, int32_t device) {
  return guarded(__func__, [&]() -> int32_t {
    if (identity == nullptr) return missing("clipa_dist_meet", "identity");
    if (host == nullptr) return missing("clipa_dist_meet", "host");
    if (ranks < 1 || rank < 0 || rank >= ranks || device < 0) {
      return refuse("clipa_dist_meet", "there is no rank " + std::to_string(rank) + " of " +
                                           std::to_string(ranks) + " on device " +
                                           std::to_string(device));
    }
    try {
      meet({identity, host, rank, ranks, device});
    } catch (const std::exception& error) {
      return outcome("clipa_dist_meet", error.what());
    }
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_open(uint32_t silence_ms, uint32_t timeout_ms) {
  return guarded(__func__, [&]() -> int32_t {
    if (silence_ms == 0 || timeout_ms == 0) {
      return refuse("clipa_dist_open", "silence and timeout must be positive");
    }
    return outcome("clipa_dist_open", Communicator::instance().open(silence_ms, timeout_ms));
  });
}

CLIPA_EXPORT int32_t clipa_dist_ranks(int32_t* rank, int32_t* ranks) {
  return guarded(__func__, [&]() -> int32_t {
    if (rank == nullptr) return missing("clipa_dist_ranks", "rank");
    if (ranks == nullptr) return missing("clipa_dist_ranks", "ranks");
    const Communicator& open = Communicator::instance();
    if (!open.is_open()) return refuse("clipa_dist_ranks", "the ranks are not open");
    *rank = open.rank();
    *ranks = open.ranks();
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_post(int32_t exchange, int32_t root, const void* data,
                                     uint64_t bytes, uint64_t* ticket) {
  return guarded(__func__, [&]() -> int32_t {
    if (data == nullptr) return missing("clipa_dist_post", "data");
    if (ticket == nullptr) return missing("clipa_dist_post", "ticket");
    if (exchange != CLIPA_DIST_GATHER && exchange != CLIPA_DIST_BROADCAST) {
      return refuse("clipa_dist_post", "there is no exchange " + std::to_string(exchange));
    }
    Communicator& ranks = Communicator::instance();
    if (root < 0 || root >= ranks.ranks()) {
      return refuse("clipa_dist_post", "root is " + std::to_string(root) + ", allowed are 0 to " +
                                           std::to_string(ranks.ranks() - 1));
    }
    if (bytes == 0 || bytes > (uint64_t{1} << 30)) {
      return refuse("clipa_dist_post", "bytes is " + std::to_string(bytes) +
                                           ", allowed are 1 to 2^30; send it in parts");
    }
    auto job = std::make_shared<Job>();
    job->collective = exchange == CLIPA_DIST_GATHER ? Collective::kGather : Collective::kBroadcast;
    job->root = root;
    job->count = static_cast<int64_t>(bytes);
    const char* from = static_cast<const char*>(data);
    job->send.assign(from, from + bytes);
    if (const char* problem = ranks.submit(job)) return outcome("clipa_dist_post", problem);
    *ticket = tickets().add(std::move(job));
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_wait(uint64_t ticket) {
  return guarded(__func__, [&]() -> int32_t {
    std::shared_ptr<Job> job = tickets().get(ticket);
    if (!job) return stale("clipa_dist_wait", "ticket");
    const char* problem = Communicator::instance().wait(job);
    return problem == nullptr ? CLIPA_OK : outcome("clipa_dist_wait", problem);
  });
}

CLIPA_EXPORT int32_t clipa_dist_take(uint64_t ticket, void* out, uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (out == nullptr) return missing("clipa_dist_take", "out");
    std::shared_ptr<Job> job = tickets().get(ticket);
    if (!job) return stale("clipa_dist_take", "ticket");
    if (!job->done || job->busy) return refuse("clipa_dist_take", "wait for it first");
    if (bytes != job->result.size()) {
      return refuse("clipa_dist_take", "bytes is " + std::to_string(bytes) + ", there are " +
                                           std::to_string(job->result.size()));
    }
    std::memcpy(out, job->result.data(), bytes);
    tickets().remove(ticket);
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_abort(const char* reason) {
  return guarded(__func__, [&]() -> int32_t {
    if (reason == nullptr) return missing("clipa_dist_abort", "reason");
    Communicator::instance().abort(*reason == '\0' ? "no reason was given" : reason);
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_dist_part(uint32_t patience_ms) {
  return guarded(__func__, [&]() -> int32_t {
    if (Communicator::instance().part(patience_ms)) return CLIPA_OK;
    return refuse("clipa_dist_part", "this process has not met other ranks");
  });
}

CLIPA_EXPORT int32_t clipa_dist_close(void) {
  return guarded(__func__, [&]() -> int32_t {
    return outcome("clipa_dist_close", Communicator::instance().close());
  });
}

CLIPA_EXPORT int32_t clipa_dist_failure(char* out, uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (out == nullptr || bytes == 0) return missing("clipa_dist_failure", "out");
    const std::string text = Communicator::instance().failure();
    const uint64_t count = text.size() < bytes - 1 ? text.size() : bytes - 1;
    std::memcpy(out, text.data(), count);
    out[count] = '\0';
    return CLIPA_OK;
  });
}
