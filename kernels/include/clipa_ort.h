/* Forward passes through ONNX Runtime, and the custom ops that its graphs may use.
 *
 * The library links nothing of ONNX Runtime: clipa_ort_load opens the shared library of one exact
 * version by its path and checks it. The rules of clipa.h hold: statuses, handles with generations,
 * no exception across the boundary. Calls that may take long receive handles only, so that they may
 * run as nonblocking calls; their message is read with clipa_ort_error_message.
 *
 * Usage
 *   clipa_ort_load("/path/libonnxruntime.so.1", "1.30.0");
 *   clipa_ort_session_create(&params, "model.onnx", NULL, 0, &session);  // checks and copies
 *   clipa_ort_session_open(session);                                     // reads the graph: slow
 *   clipa_ort_run_create(session, &run);
 *   clipa_ort_run_input(run, 0, CLIPA_ORT_F32, dims, rank, data, bytes); // copies
 *   clipa_ort_run_execute(run);                                          // slow
 *   clipa_ort_run_output(run, 0, &tensor);                               // type and shape
 *   clipa_ort_run_read(run, 0, 0, out, bytes);
 *
 * Custom ops, domain "clipa", version 1. "?" marks an optional input, attributes stand after ";".
 * RegisterCustomOps, the entry point that ONNX Runtime looks for in a library of custom ops, is
 * exported too, so any ONNX Runtime from 1.21 on can load this library and run the graphs. Weights
 * are [out, in], the projection [in, out]; those that are constants of the graph are packed when a
 * session opens, once per process. Mean and std are folded into weight and bias of PatchEmbed by
 * the writer of the graph. The CUDA library has kernels of every op for the CPU and for the CUDA
 * provider. There a patch index outside the picture fails a run of this library as it does on the
 * CPU; in any other session of CUDA its token becomes not-a-number.
 *
 *   PatchEmbed(pixels u8[B,H,W,3], weight[D,3PP], bias[D], class_token?[D], position[N,D],
 *              kept? i32[B,K]; patch int) -> [B,K+c,D]
 *     columns of weight are channel-major as in CLIPA_OP_PATCHIFY; c = 1 with a class token, whose
 *     position is row 0; patches that kept leaves out are never read
 *   ShortAttention(qkv[B,T,3W]; heads int, causal int = 0) -> [B,T,W]
 *     scale 1 / sqrt(W / heads)
 *   PoolProjectNormalize(x[B,T,W], gamma[W], beta[W], projection[W,E], ids? i32[B,T];
 *              pool string, eps float = 1e-6, norm_eps float = 0, norm_add_eps int = 0) -> [B,E]
 *     pool: cls, mean, mean-patches, last, argmax (first position of the largest id); then layer
 *     norm, projection, and division by max(norm, norm_eps), or by norm + norm_eps
 *   ResidualBlock(x[B,T,W], gamma_1[W], beta_1[W], weight_qkv[3W,W], bias_qkv[3W],
 *              weight_out[W,W], bias_out[W], gamma_2[W], beta_2[W], weight_fc[M,W], bias_fc[M],
 *              weight_proj[W,M], bias_proj[W], scale_1?[W], scale_2?[W];
 *              heads int, causal int = 0, gelu string (erf, tanh, quick), eps float = 1e-6)
 *              -> [B,T,W]
 *     a pre-norm transformer block, what attention and the perceptron add times scale_1 and
 *     scale_2; a few samples at a time go through all of it
 *   TokenReduce(samples i64[B], seed i64[1], epoch i64[1];
 *              strategy string (random, grid, block), grid int, keep int,
 *              jitter string = none (none, sample, window), placement string = random (random,
 *              centre)) -> i32[B,K]
 *     the K = keep patches of a grid x grid picture that stay, ascending: the same numbers as in
 *     training; jitter belongs to grid, placement to block
 */
#ifndef CLIPA_ORT_H
#define CLIPA_ORT_H

#include <stdint.h>

#include "clipa_status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CLIPA_ORT_MAX_RANK 8

/* Element types, with the numbers of ONNX. */
enum clipa_ort_type { CLIPA_ORT_F32 = 1, CLIPA_ORT_U8 = 2, CLIPA_ORT_I32 = 6, CLIPA_ORT_I64 = 7 };

/* Execution providers. */
enum clipa_ort_provider { CLIPA_ORT_AUTO = 0, CLIPA_ORT_CPU = 1, CLIPA_ORT_CUDA = 2 };

typedef struct clipa_ort_params {
  uint32_t size;        /* sizeof(clipa_ort_params) */
  int32_t threads;      /* threads of a run, 1..256 */
  int32_t provider;     /* clipa_ort_provider; auto = CUDA where it loads, else the CPU */
  int32_t device;       /* CUDA device */
  uint64_t user_stream; /* CUDA stream to run on; 0 = a stream of ONNX Runtime */
  int32_t spin;         /* microseconds for which a thread without work keeps its core; 0 = sleeps
                           at once; up to 1000000 */
  int32_t reserved;     /* 0 */
} clipa_ort_params;

/* A tensor as a model declares it or a run produced it. 72 bytes. */
typedef struct clipa_ort_tensor {
  int32_t type; /* clipa_ort_type, or another number of ONNX; 0 = not a tensor */
  int32_t rank;
  int64_t dims[CLIPA_ORT_MAX_RANK]; /* -1 = any */
} clipa_ort_tensor;

/* Opens ONNX Runtime once per process; the same path again does nothing. Another version, a library
 * that is not ONNX Runtime, or a second path is an error. */
int32_t clipa_ort_load(const char* library, const char* version);
/* The message of the last failed call on a run, or a session (run = 0), or this thread (both 0). */
int32_t clipa_ort_error_message(uint64_t session, uint64_t run, char* out, uint64_t bytes);

/* JSON text: name, inputs, outputs and attributes of every custom op. out may be null: then only
 * *needed is set, the size with the closing zero. */
int32_t clipa_ort_custom_ops(char* out, uint64_t bytes, uint64_t* needed);

/* Sessions. A model is a path (external data lies beside it), or bytes when path is null. */
int32_t clipa_ort_session_create(const clipa_ort_params* params, const char* path,
                                 const void* model, uint64_t bytes, uint64_t* session);
/* Before open: runs take turns with the ops of this context, and with the provider CUDA they go to
 * its device and stream, so that they come after what was queued there. It stays alive with the
 * session. */
int32_t clipa_ort_session_use_context(uint64_t session, uint64_t context);
int32_t clipa_ort_session_open(uint64_t session);
/* Runs in flight end first; their handles stay valid until they are destroyed. */
int32_t clipa_ort_session_destroy(uint64_t session);
/* JSON text: provider, note, inputs and outputs with name, type and dims; out and needed as above.
 */
int32_t clipa_ort_session_info(uint64_t session, char* out, uint64_t bytes, uint64_t* needed);

/* Runs: the tensors of one call, in the order of the session's inputs and outputs. A run may
 * execute many times, one call at a time; several runs of a session may be in flight. */
int32_t clipa_ort_run_create(uint64_t session, uint64_t* run);
int32_t clipa_ort_run_destroy(uint64_t run);
/* Copies an input in. data may be null: then its values are undefined until they are written. */
int32_t clipa_ort_run_input(uint64_t run, uint64_t index, int32_t type, const int64_t* dims,
                            uint64_t rank, const void* data, uint64_t bytes);
/* Copies a part of an input that was copied in, so that a large one keeps its thread only for a
 * part at a time. */
int32_t clipa_ort_run_write(uint64_t run, uint64_t index, uint64_t offset, const void* data,
                            uint64_t bytes);
/* Binds a range of a clipa buffer as an input or output instead of a copy; it stays alive with the
 * run. A bound output must have exactly the shape that comes out. Buffers of the CUDA library are
 * device memory, and stay there: they can be bound where the session runs on their device. */
int32_t clipa_ort_run_bind_input(uint64_t run, uint64_t index, int32_t type, const int64_t* dims,
                                 uint64_t rank, uint64_t buffer, uint64_t offset);
int32_t clipa_ort_run_bind_output(uint64_t run, uint64_t index, int32_t type, const int64_t* dims,
                                  uint64_t rank, uint64_t buffer, uint64_t offset);
int32_t clipa_ort_run_execute(uint64_t run);
int32_t clipa_ort_run_output(uint64_t run, uint64_t index, clipa_ort_tensor* tensor);
/* Copies an output out, or a part of it. */
int32_t clipa_ort_run_read(uint64_t run, uint64_t index, uint64_t offset, void* data,
                           uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
