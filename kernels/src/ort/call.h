// One computation of a node on the CPU: its tensors, its threads and its scratch memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "base/memory.h"
#include "base/op.h"
#include "cpu/packed_product.h"
#include "ort/node.h"

namespace clipa {
namespace ort {

// Memory of one thread for one piece of work: blocks are handed out one after the other and taken
// back together.
class Scratch {
 public:
  float* floats(int64_t count) { return static_cast<float*>(bytes(count * sizeof(float))); }
  void* bytes(uint64_t count);
  void clear();
  // The calling thread's own, for a piece of work.
  static Scratch& of_thread();
  // The calling thread's own, for what the pieces of a call share.
  static Scratch& of_call();

 private:
  std::vector<std::unique_ptr<Memory>> blocks_;
  uint64_t used_ = 0;   // of the last block
  uint64_t total_ = 0;  // since clear()
};

// Packed weights by input; null = not packed when the node was made.
using PackedWeights = std::vector<std::shared_ptr<const PackedWeight>>;

class Call : public Node {
 public:
  // Packs the weights that are not constants of the graph. Throws OpError.
  Call(const Api& api, const OpSchema& schema, const Attributes& attributes,
       const PackedWeights& packed, OrtKernelContext* context);

  const PackedWeight& weight(size_t input) const { return *packed_[input]; }

  // Calls body(first, count, scratch) for pieces of `piece` samples of the batch (letter B) on the
  // threads of ONNX Runtime. body returns null, or what is wrong with the data.
  template <class Body>
  void for_samples(int64_t piece, Body body) {
    const int64_t batch = (*this)['B'];
    for_each((batch + piece - 1) / piece, [&](int64_t index, Scratch& scratch) {
      const int64_t first = index * piece;
      return body(first, std::min(piece, batch - first), scratch);
    });
  }

  // The same for body(index, scratch).
  template <class Body>
  void for_each(int64_t count, Body body) {
    struct Work {
      Body& body;
      std::atomic<const char*> problem;
    } work{body, {nullptr}};
    parallel(
        count,
        [](void* data, size_t index) {
          Work& w = *static_cast<Work*>(data);
          Scratch& scratch = Scratch::of_thread();
          const char* problem = nullptr;
          try {
            scratch.clear();
            problem = w.body(static_cast<int64_t>(index), scratch);
          } catch (...) {
            problem = "out of memory";  // nothing else is thrown by a kernel
          }
          if (problem != nullptr) w.problem = problem;
        },
        &work);
    fail_if(work.problem);
  }

 private:
  void parallel(int64_t count, void (*body)(void*, size_t), void* data);
  void fail_if(const char* problem) const;

  PackedWeights packed_;
};

// A weight as its schema wants it.
std::shared_ptr<const PackedWeight> pack(const TensorSpec& spec, const float* values,
                                         const int64_t dims[2]);

// Runs an op of the training library on raw pointers, here and now. Null, or what is wrong.
const char* run_op(uint32_t kind, uint32_t flags, std::initializer_list<int64_t> dims, float scalar,
                   std::initializer_list<const void*> operands, Scratch& scratch);

}  // namespace ort
}  // namespace clipa
