// All ops of the CUDA build, found by kind.
#include "cuda/queue.h"

namespace clipa {

const CudaOp* find_cuda_op(uint32_t kind) {
  static const CudaOp* const kFamilies[] = {
      kCudaElementwiseOps, kCudaLinearOps, kCudaNormOps,        kCudaAttentionOps,
      kCudaTokenOps,       kCudaPoolOps,   kCudaContrastiveOps, kCudaSigmoidLossOps,
      kCudaOptimizerOps,   kCudaDistOps};
  for (const CudaOp* family : kFamilies) {
    for (const CudaOp* op = family; op->kind != 0; ++op) {
      if (op->kind == kind) return op;
    }
  }
  return nullptr;
}

}  // namespace clipa
