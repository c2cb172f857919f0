// What carries bytes between the ranks and hears whether they live: Open MPI in the CPU build, NCCL
// with sockets in the CUDA build.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace clipa {
namespace dist {

enum class Element { kByte, kFloat };

// Used by the communicator's thread alone, but for rank() and ranks(). One exchange is under way at
// a time; its memory stays where it is until test() says that it is done. Problems come back as
// sentences; an empty one is none.
class Wire {
 public:
  virtual ~Wire() = default;

  // Joins the other ranks; a rank that is silent for so long counts as lost, and a collective may
  // take `timeout`.
  virtual std::string join(std::chrono::milliseconds silence,
                           std::chrono::milliseconds timeout) = 0;
  virtual int rank() const = 0;
  virtual int ranks() const = 0;

  // `count` elements of every rank, in their order.
  virtual std::string gather(const void* send, void* receive, int64_t count, Element element) = 0;
  // `count` floats to every rank, and as many from each.
  virtual std::string spread(const void* send, void* receive, int64_t count) = 0;
  // Those of the root, to all.
  virtual std::string broadcast(void* data, int64_t bytes, int root) = 0;
  virtual std::string test(bool* done) = 0;

  // Signs of life, out and in; names the rank that gave none.
  virtual std::string beat() = 0;
  // Tells the others that this rank ends, and why.
  virtual void farewell(const std::string& reason) = 0;
  // After a failure, again and again: hears who has `said` why it ends, and says so of this rank
  // once it has. True when all others have, or are known to be gone.
  virtual bool part(bool said, const std::string& reason) = 0;
  // Ends what this rank has under way on its device: others will not answer any more.
  virtual void abandon() {}
  // Leaves in good order, together with the others.
  virtual std::string leave() = 0;
};

// What a rank has said why it ends, which may be what it heard of another: names one in any case.
inline std::string last_word(const std::string& who, const std::string& text) {
  return text.rfind("rank ", 0) == 0 ? text : who + " ended: " + text;
}

// Where this process stands, for builds whose ranks meet without MPI.
struct Meeting {
  std::string identity;  // from new_identity() of rank 0
  std::string host;      // of rank 0
  int rank = 0;
  int ranks = 1;
  int device = 0;
};

// What each build has of its own. They throw std::runtime_error with what is wrong and what to do.
void load_engine(const std::string& path);
std::unique_ptr<Wire> make_wire();
std::string new_identity();
void meet(const Meeting& meeting);

}  // namespace dist
}  // namespace clipa
