/* SGEMM rate of a BLAS library on the shapes of short-token training: GFLOP/s, best of nine.
 *
 *   gcc -O2 kernels/bench/blas_shapes.c -o build/blas_shapes -ldl
 *   OMP_NUM_THREADS=1 build/blas_shapes libdnnl.so.2 dnnl_sgemm
 *   OPENBLAS_NUM_THREADS=1 build/blas_shapes libopenblas.so.0 cblas_sgemm
 *   MKL_NUM_THREADS=1 build/blas_shapes libmkl_rt.so.3 cblas_sgemm
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void (*cblas_fn)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                         float, float*, int);
typedef int (*dnnl_fn)(char, char, int64_t, int64_t, int64_t, float, const float*, int64_t,
                       const float*, int64_t, float, float*, int64_t);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* m, n, k, first operand transposed, second operand transposed; 4352 rows = 256 pairs x 17 tokens.
 */
static const int kShapes[][5] = {
    {2048, 2048, 2048, 0, 1}, {4352, 512, 128, 0, 1},  {4352, 128, 512, 0, 1},
    {4352, 768, 192, 0, 1},   {4352, 192, 768, 0, 1},  {4352, 1024, 256, 0, 1},
    {4352, 256, 1024, 0, 1},  {4352, 384, 1536, 0, 0}, {512, 128, 4352, 1, 0},
    {768, 192, 4352, 1, 0},   {1536, 384, 4352, 1, 0}};

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: blas_shapes LIBRARY cblas_sgemm|dnnl_sgemm\n");
    return 2;
  }
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  void* symbol = library ? dlsym(library, argv[2]) : NULL;
  if (!symbol) {
    fprintf(stderr, "error: %s\n", dlerror());
    return 1;
  }
  const int row_major_dnnl = strcmp(argv[2], "dnnl_sgemm") == 0;
  cblas_fn cblas = NULL;
  dnnl_fn dnnl = NULL;
  memcpy(row_major_dnnl ? (void*)&dnnl : (void*)&cblas, &symbol, sizeof symbol);
  for (size_t i = 0; i < sizeof kShapes / sizeof kShapes[0]; ++i) {
    const int m = kShapes[i][0], n = kShapes[i][1], k = kShapes[i][2];
    const int ta = kShapes[i][3], tb = kShapes[i][4];
    float* a = aligned_alloc(64, sizeof(float) * (size_t)m * (size_t)k);
    float* b = aligned_alloc(64, sizeof(float) * (size_t)n * (size_t)k);
    float* c = aligned_alloc(64, sizeof(float) * (size_t)m * (size_t)n);
    for (long j = 0; j < (long)m * k; ++j) a[j] = (float)(j % 7);
    for (long j = 0; j < (long)n * k; ++j) b[j] = (float)(j % 5);
    double best = 1e9;
    for (int round = 0; round < 9; ++round) {
      const double start = now();
      int calls = 0;
      do {
        if (dnnl) {
          dnnl(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
        } else {
          cblas(101, ta ? 112 : 111, tb ? 112 : 111, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c,
                n);
        }
        ++calls;
      } while (now() - start < 0.03);
      const double seconds = (now() - start) / calls;
      if (seconds < best) best = seconds;
    }
    printf("%5d x %4d x %4d  %6.1f\n", m, n, k, 2e-9 * m * n * k / best);
    free(a);
    free(b);
    free(c);
  }
  return 0;
}
