/* CLIPA Kit: the op-level C ABI of the training library.
 *
 * One header, two builds: libclipa_cpu and libclipa_cuda export exactly these symbols.
 *
 * Rules
 *   - Every function returns a status (clipa_status.h); results go through out-parameters. No
 *     exception, abort or printf crosses this boundary.
 *   - Handles carry a generation: a disposed handle is CLIPA_STALE_HANDLE, never a crash. 0 is
 * never valid.
 *   - A context and what it owns may be used from any thread, one call at a time per context,
 * except clipa_context_cancel, which may be called at any moment.
 *   - Operands are ranges of buffers; their sizes are checked against the op's dimensions before
 *     anything runs; dimensions whose product is too large, and flags that the op does not know,
 *     are refused. Host pointers are only read or written during the call they are passed to.
 *   - Every op splits its work by its dimensions alone, never by the number of threads, so results
 *     have the same bits for any thread count, and eagerly or in a program.
 *
 * Usage
 *   clipa_context_create(&params, &ctx);
 *   clipa_buffer_create(ctx, bytes, &buf);
 *   clipa_buffer_write(buf, 0, data, bytes);
 *   clipa_execute(ctx, ops, count);            // eager: runs now
 *   clipa_program_create(ctx, ops, count, &p); // checked once ...
 *   clipa_program_run(p);                      // ... run many times, one call a step
 */
#ifndef CLIPA_H
#define CLIPA_H

#include <stddef.h>
#include <stdint.h>

#include "clipa_image.h"
#include "clipa_search.h"
#include "clipa_status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CLIPA_ABI_VERSION 1
#define CLIPA_MAX_DIMS 8
#define CLIPA_MAX_SCALARS 4
#define CLIPA_MAX_OPERANDS 12

/* A range of a buffer. buffer 0 = operand absent (only where the op calls it optional). */
typedef struct clipa_ref {
  uint64_t buffer;
  uint64_t offset; /* bytes, a multiple of 4 */
  uint64_t bytes;
} clipa_ref;

typedef struct clipa_op {
  uint32_t kind;  /* clipa_op_kind */
  uint32_t flags; /* clipa_flag, as the op allows */
  int64_t dims[CLIPA_MAX_DIMS];
  float scalars[CLIPA_MAX_SCALARS];
  clipa_ref operands[CLIPA_MAX_OPERANDS];
} clipa_op;

typedef struct clipa_context_params {
  uint32_t size;      /* sizeof(clipa_context_params) */
  int32_t device;     /* 0 = first; ignored by the CPU build */
  int32_t threads;    /* CPU threads, 1..256; 0 = all cores */
  uint32_t precision; /* clipa_precision */
} clipa_context_params;

/* How matrix products read their float32 inputs. Sums are float32 either way. */
enum clipa_precision {
  CLIPA_PRECISION_F32 = 0,
  CLIPA_PRECISION_BF16 =
      1 /* what linear layers multiply is rounded to it; on CUDA the losses' products, too */
};

/* Flags of ops. */
enum clipa_flag {
  CLIPA_FLAG_GELU_ERF = 1,      /* exact GELU, x * (1 + erf(x / sqrt 2)) / 2 */
  CLIPA_FLAG_GELU_TANH = 2,     /* tanh approximation of GELU */
  CLIPA_FLAG_RELU = 3,          /* unary ops only */
  CLIPA_FLAG_SIGMOID = 4,       /* unary ops only */
  CLIPA_FLAG_TANH = 5,          /* unary ops only */
  CLIPA_FLAG_GELU_QUICK = 6,    /* x * sigmoid(1.702 x), of OpenAI's weights */
  CLIPA_FLAG_ACTIVATION = 15,   /* mask of the six above */
  CLIPA_FLAG_ACCUMULATE = 16,   /* parameter gradients are added to what is there */
  CLIPA_FLAG_CAUSAL = 32,       /* attention: token i sees tokens 0..i */
  CLIPA_FLAG_NORM_ADD_EPS = 64, /* L2 normalise by (norm + eps), else by max(norm, eps) */
  CLIPA_FLAG_IN_OUT = 128,      /* linear: w and dw are [k,n], as a projection applied as x w */
  CLIPA_FLAG_CLASS_TOKEN = 256, /* assemble_tokens_backward: a class token is present */
  CLIPA_FLAG_SIDE = 512 /* any op between a fork and its join: it belongs to the other side */
};

/* Pooling of CLIPA_OP_POOL, in dims[3]. */
enum clipa_pool {
  CLIPA_POOL_CLS = 0,          /* token 0 */
  CLIPA_POOL_MEAN = 1,         /* mean of all tokens, class token included */
  CLIPA_POOL_MEAN_PATCHES = 2, /* mean of tokens 1.. */
  CLIPA_POOL_LAST = 3,         /* token t-1 */
  CLIPA_POOL_ARGMAX = 4        /* the first position of the largest id (EOT) */
};

/* Ops. "[...]" are shapes, f32 unless stated; "?" marks an optional operand; operands in this
 * order. Outputs stand after "->". acc? is added to the result; it may be the same range as the
 * output. */
enum clipa_op_kind {
  /* n; s0 -> y[n] */
  CLIPA_OP_FILL = 1,
  /* n; x[n] -> y[n] */
  CLIPA_OP_COPY = 2,
  /* n, m; a[n], b[m] -> y[n]: y = a + b, b repeated n/m times (m divides n) */
  CLIPA_OP_ADD = 3,
  /* n, m; a[n], b[m] -> y[n]: y = a * b, b repeated n/m times */
  CLIPA_OP_MUL = 4,
  /* n; s0; x[n], acc?[n] -> y[n]: y = s0 * x (+ acc) */
  CLIPA_OP_SCALE = 5,
  /* n; x[n], step -> y[n]: y += (1 - step.average_decay) * (x - y), skipped with the step */
  CLIPA_OP_AVERAGE = 6,
  /* n; flag activation; x[n] -> y[n] */
  CLIPA_OP_UNARY = 7,
  /* n; flag activation; x[n], dy[n], acc?[n] -> dx[n] */
  CLIPA_OP_UNARY_BACKWARD = 8,
  /* rows, width; x[rows,width] -> y[width]; flag accumulate: column sums */
  CLIPA_OP_COLUMN_SUM = 9,
  /* rows, width; x -> y[rows,width]: softmax of every row */
  CLIPA_OP_SOFTMAX = 10,
  /* rows, width; y, dy, acc? -> dx */
  CLIPA_OP_SOFTMAX_BACKWARD = 11,

  /* m, n, k; flag GELU; x[m,k], w[n,k], b?[n], residual?[m,n] -> y[m,n], pre?[m,n]
   * y = act(x w^T + b) + residual; pre = the input of act (required with an activation) */
  CLIPA_OP_LINEAR = 20,
  /* m, n, k; flag GELU; dz[m,n], w[n,k], pre?[m,k], acc?[m,k] -> dx[m,k]
   * dx = (dz w) * act'(pre), or dz w + acc; pre and acc exclude each other. pre is required with an
   * activation: the derivative of the layer below */
  CLIPA_OP_LINEAR_BACKWARD_INPUT = 21,
  /* m, n, k; flag accumulate; dz[m,n], x[m,k] -> dw[n,k], db?[n] */
  CLIPA_OP_LINEAR_BACKWARD_WEIGHT = 22,

  /* rows, width; s0 = eps; x, gamma[width], beta[width] -> y, mean[rows], rstd[rows] */
  CLIPA_OP_LAYER_NORM = 30,
  /* rows, width; flag accumulate; dy, x, gamma, mean, rstd, acc?[rows,width] -> dx, dgamma, dbeta
   */
  CLIPA_OP_LAYER_NORM_BACKWARD = 31,
  /* rows, width; s0 = eps; x[rows,width], branch[rows,width], factor?[width], gamma[width],
   * beta[width] -> sum[rows,width], y[rows,width], stats[2,rows]
   * sum = x + branch, or x + factor * branch; y = layer norm of sum; stats = means, then
   * reciprocal deviations. sum may be where x or branch is */
  CLIPA_OP_RESIDUAL_LAYER_NORM = 32,
  /* rows, width; flag accumulate; dy, sum, gamma, stats, acc?[rows,width], branch?, factor?
   * -> dsum, dgamma, dbeta, dbranch?[rows,width], dfactor?[width]
   * dsum = gradient of the norm + acc, the gradient that reaches sum from elsewhere: that of x, and
   * of branch where there is no factor. branch, factor, dbranch and dfactor stand together */
  CLIPA_OP_RESIDUAL_LAYER_NORM_BACKWARD = 33,

  /* batch, tokens, heads, head; s0 = scale; flag causal;
   * qkv[batch,tokens,3,heads,head] -> y[batch,tokens,heads*head], lse[batch,heads,tokens] */
  CLIPA_OP_ATTENTION = 40,
  /* the same dims; qkv, y, lse, dy -> dqkv */
  CLIPA_OP_ATTENTION_BACKWARD = 41,

  /* batch, tokens, width, vocabulary; ids i32[batch,tokens], table[vocabulary,width],
   * position?[tokens,width]
   * -> y[batch,tokens,width]; an id outside the table is CLIPA_INVALID_ARGUMENT */
  CLIPA_OP_EMBEDDING = 50,
  /* the same dims; flag accumulate; ids, dy -> dtable, dposition? */
  CLIPA_OP_EMBEDDING_BACKWARD = 51,
  /* batch, height, width, patch, kept; pixels u8[batch,height,width,3], meanstd[6], index?
   * i32[batch,kept]
   * -> y[batch,kept,3*patch*patch], channel-major like a convolution kernel: (v/255 - mean) / std;
   * kept patches in the order of index (row-major patch numbers); without index kept = all patches
   */
  CLIPA_OP_PATCHIFY = 52,
  /* batch, kept, width, positions; x[batch,kept,width], cls?[width], position?[positions,width],
   * index? i32[batch,kept] -> y[batch,kept+(cls?1:0),width]. position row 0 belongs to cls when
   * present */
  CLIPA_OP_ASSEMBLE_TOKENS = 53,
  /* the same dims; flag accumulate; dy, index? -> dx, dcls?, dposition?; flag class_token */
  CLIPA_OP_ASSEMBLE_TOKENS_BACKWARD = 54,

  /* batch, tokens, width, clipa_pool; x, ids? i32[batch,tokens] -> y[batch,width] */
  CLIPA_OP_POOL = 60,
  /* the same dims; dy, ids? -> dx[batch,tokens,width] (all of it written) */
  CLIPA_OP_POOL_BACKWARD = 61,
  /* rows, width; s0 = eps; flag norm_add_eps; x -> y, norm[rows] */
  CLIPA_OP_L2_NORMALIZE = 62,
  /* rows, width; s0 = eps; flag; dy, y, norm -> dx */
  CLIPA_OP_L2_NORMALIZE_BACKWARD = 63,

  /* Symmetric InfoNCE over `total` gathered pairs; this rank owns `local` rows from `offset`.
   * local, total, width, offset; image[total,width], text[total,width], logit_scale[1] (natural
   * log)
   * -> loss[1] (this rank's share: the ranks' losses add up to the mean loss), lse_image[local],
   *    lse_text[local], hits[2] (image rows, text rows whose pair scores strictly highest) */
  CLIPA_OP_CONTRASTIVE = 70,
  /* the same dims; s0 = dloss; image, text, logit_scale, lse_image, lse_text
   * -> dimage[total,width], dtext[total,width] (from this rank's rows), dlogit_scale[1];
   *    flag accumulate applies to dlogit_scale only */
  CLIPA_OP_CONTRASTIVE_BACKWARD = 71,
  /* Sigmoid loss of all pairs of rows (Zhai et al. 2023), -log sigmoid(z l) with l = e^scale x y +
   * bias, z = 1 for a pair and -1 else, summed and divided by `total`; this rank owns the image
   * rows from `offset`. local, total, width, offset; image[total,width], text[total,width],
   * logit_scale[1] (natural log), logit_bias[1]
   * -> loss[1] (this rank's share), hits[2] as above */
  CLIPA_OP_SIGMOID_LOSS = 72,
  /* the same dims; s0 = dloss; the same inputs
   * -> dimage[total,width], dtext[total,width] (from this rank's image rows), dlogit_scale[1],
   *    dlogit_bias[1]; flag accumulate applies to the last two */
  CLIPA_OP_SIGMOID_LOSS_BACKWARD = 73,

  /* n; gradient[n], step, loss?[1]: writes step.gradient_norm, step.clip_factor and step.skip, see
   * clipa_skip */
  CLIPA_OP_GRADIENT_NORM = 80,
  /* n; s0 = weight decay, s1 = learning-rate factor, s2; parameter, gradient, m, v, step,
   * excess?[1] (in place; decoupled decay, Loshchilov & Hutter 2019; does nothing when step.skip is
   * set). With excess the learning rate is divided by max(1, sqrt(s2 * excess)) */
  CLIPA_OP_ADAMW = 81,
  /* n; x[n], step: x = clamp(x, step.logit_scale_min, step.logit_scale_max) in place */
  CLIPA_OP_CLAMP = 82,
  /* n; gradient[n], v[n], step -> excess[1]: the sum of g^2 / max(v', eps^2), where g is the
   * clipped gradient and v' the second moment that ADAMW will make of v, bias-corrected. Its mean
   * over a tensor says how far v lags behind the gradient (Wortsman et al. 2023, section 3.4) */
  CLIPA_OP_UPDATE_EXCESS = 83,

  /* No dims, no operands. Between a fork and the join that follows it in the same list, ops with
   * the flag side may run at the same time as those without, on CUDA on a stream of their own.
   * Neither side may touch what the other writes. On the CPU all ops run in order. */
  CLIPA_OP_FORK = 90,
  /* What stands behind it comes after the ops of both sides. */
  CLIPA_OP_JOIN = 91
};

/* The step block: float32 slots in a buffer, written by the host before a step, some by ops. */
enum clipa_step_slot {
  CLIPA_STEP_LEARNING_RATE = 0,
  CLIPA_STEP_BETA1 = 1,
  CLIPA_STEP_BETA2 = 2,
  CLIPA_STEP_EPSILON = 3,
  CLIPA_STEP_BIAS_CORRECTION1 = 4, /* 1 - beta1^t */
  CLIPA_STEP_BIAS_CORRECTION2 = 5, /* 1 - beta2^t */
  CLIPA_STEP_CLIP_NORM = 6,        /* 0 = no clipping */
  CLIPA_STEP_LOGIT_SCALE_MIN = 7,
  CLIPA_STEP_LOGIT_SCALE_MAX = 8,
  CLIPA_STEP_AVERAGE_DECAY = 9,
  CLIPA_STEP_GRADIENT_NORM = 10, /* out */
  CLIPA_STEP_CLIP_FACTOR = 11,   /* out: gradient is multiplied by it; 1 = no clipping */
  CLIPA_STEP_SKIP = 12,          /* out: clipa_skip; not 0 = nothing is updated */
  CLIPA_STEP_LOSS_LIMIT = 13,    /* 0 = none */
  CLIPA_STEP_NORM_LIMIT = 14,    /* of the gradient norm before clipping; 0 = none */
  CLIPA_STEP_SLOTS = 16
};

/* Why a step is skipped: the first that holds. */
enum clipa_skip {
  CLIPA_SKIP_NO = 0,
  /* the norm is not finite in float32, or what clipping leaves of it has no finite square */
  CLIPA_SKIP_GRADIENT = 1,
  CLIPA_SKIP_LOSS = 2,       /* the loss is not finite */
  CLIPA_SKIP_LOSS_LIMIT = 3, /* the loss is above its limit */
  CLIPA_SKIP_NORM_LIMIT = 4  /* the gradient norm is above its limit */
};

/* Library. */
int32_t clipa_abi_version(uint32_t* version);
/* JSON text: device, compiler, blas, lanes, openmp. */
int32_t clipa_build_info(char* out, uint64_t bytes);
/* The message of the last failed call of this thread, or of this context (0 = thread). */
int32_t clipa_error_message(uint64_t context, char* out, uint64_t bytes);

/* Contexts. */
int32_t clipa_context_create(const clipa_context_params* params, uint64_t* context);
int32_t clipa_context_destroy(uint64_t context);
/* A running program ends before its next op with CLIPA_CANCELLED, though never right behind an op
 * of an update (adamw, clamp, average): all parameters change or none. flag 0 clears the request.
 */
int32_t clipa_context_cancel(uint64_t context, int32_t flag);
int32_t clipa_context_memory(uint64_t context, uint64_t* bytes, uint64_t* peak_bytes);

/* Buffers: device memory, 64-byte aligned, zeroed. */
int32_t clipa_buffer_create(uint64_t context, uint64_t bytes, uint64_t* buffer);
int32_t clipa_buffer_destroy(uint64_t buffer);
int32_t clipa_buffer_write(uint64_t buffer, uint64_t offset, const void* data, uint64_t bytes);
int32_t clipa_buffer_read(uint64_t buffer, uint64_t offset, void* data, uint64_t bytes);

/* Runs ops now, in order, blocking. */
int32_t clipa_execute(uint64_t context, const clipa_op* ops, uint64_t count);

/* Programs: a checked op list that keeps its buffers alive. */
int32_t clipa_program_create(uint64_t context, const clipa_op* ops, uint64_t count,
                             uint64_t* program);
int32_t clipa_program_destroy(uint64_t program);
/* Blocks until done; meant for a nonblocking foreign call. Work happens on the context's own
 * thread. */
int32_t clipa_program_run(uint64_t program);
/* Seconds spent in each op, summed over `runs` runs since the last call; turns timing on. */
int32_t clipa_program_profile(uint64_t program, double* seconds, uint64_t count, uint64_t* runs);

#ifdef __cplusplus
}
#endif

#endif
