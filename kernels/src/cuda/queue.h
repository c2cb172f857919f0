// Where ops put their kernels: a stream, the workspace of the op that runs, and the word in which
// kernels say that data is wrong.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "base/op.h"

namespace clipa {

class Products;

// What kernels find wrong with data.
enum class Wrong : int32_t { kToken = 0, kPatch = 1, kPosition = 2 };
constexpr int32_t kWrongKinds = 4;

// An op's host code runs twice: once when it is checked, on a queue that only plans (it measures
// the workspace and chooses how to multiply), and then whenever it is executed. Both times it takes
// the same way, so nothing is allocated or searched for while ops run.
class Queue {
 public:
  cudaStream_t stream = nullptr;
  bool planning = false;
  Products* products = nullptr;
  int32_t* problem = nullptr;
  int32_t op = 0;
  int shared_limit = 48 << 10;  // bytes of shared memory that a block can have
  bool bf16 = false;            // inputs of matrix products are rounded to bfloat16

  // The first factor of the first product of an op, rounded to bfloat16, at the start of the
  // workspace. Backward, the op behind it often begins with the same one, which is still as it was:
  // an op does not write into a factor.
  struct Rounded {
    const float* from = nullptr;
    int64_t count = 0;
  };
  Rounded left;    // by the op just before this one
  Rounded leaves;  // by this one

  void start(int32_t number, char* workspace) {
    left = number == op + 1 ? leaves : Rounded();
    leaves = Rounded();
    op = number;
    workspace_ = workspace;
    used_ = 0;
  }
  // What ops left in the workspace is no longer relied on.
  void forget() { leaves = Rounded(); }
  // A piece of the workspace, until the op ends.
  template <class T = float>
  T* take(int64_t count) {
    char* piece = workspace_ + used_;
    used_ += (static_cast<uint64_t>(count) * sizeof(T) + 255) / 256 * 256;
    return reinterpret_cast<T*>(piece);
  }
  uint64_t used() const { return used_; }

 private:
  char* workspace_ = nullptr;
  uint64_t used_ = 0;

 public:
  char* products_workspace = nullptr;  // of this stream alone
};

// An op on CUDA; what its operands are and which flags it knows stands in the table of the CPU.
struct CudaOp {
  uint32_t kind;
  void (*run)(const Op& op, Queue& queue);
};

// Every array ends with an entry of kind 0.
extern const CudaOp kCudaElementwiseOps[];
extern const CudaOp kCudaLinearOps[];
extern const CudaOp kCudaNormOps[];
extern const CudaOp kCudaAttentionOps[];
extern const CudaOp kCudaTokenOps[];
extern const CudaOp kCudaPoolOps[];
extern const CudaOp kCudaContrastiveOps[];
extern const CudaOp kCudaSigmoidLossOps[];
extern const CudaOp kCudaOptimizerOps[];
extern const CudaOp kCudaDistOps[];

const CudaOp* find_cuda_op(uint32_t kind);

}  // namespace clipa
