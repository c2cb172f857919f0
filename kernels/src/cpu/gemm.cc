// oneDNN measured fastest of oneDNN, OpenBLAS and MKL on the shapes of short-token training.
#include "cpu/gemm.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

namespace clipa {

void gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
          int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  // oneDNN would start an OpenMP team of its own on every thread of ours, and its split of the sums
  // would follow the thread count. The setting is this thread's own.
  if (omp_get_max_threads() != 1) omp_set_num_threads(1);
  dnnl_sgemm(trans_a ? 'T' : 'N', trans_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c,
             ldc);
}

}  // namespace clipa
