// Single-threaded SGEMM panels, row-major; the one door to the BLAS.
#pragma once

#include <cstdint>

namespace clipa {

// c[m,n] = beta * c + op(a) op(b), row-major; trans_a: a is [k,m], else [m,k]; trans_b: b is [n,k],
// else [k,n]. Always runs on the calling thread.
void gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
          int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

}  // namespace clipa
