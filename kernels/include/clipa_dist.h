/* Ranks: several processes that train one model together: through Open MPI in the CPU build,
 * through NCCL in the CUDA build, where each rank has a device of its own.
 *
 * The library links neither: clipa_dist_load opens the shared library of Open MPI or NCCL, so a
 * machine without it is not concerned. One thread of the library's own exchanges signs of life with
 * the other ranks (over MPI, or over sockets beside NCCL), so a rank that was killed or stopped is
 * noticed even when the host's event loop is busy; collectives that wait for it are then ended. The
 * rules of clipa.h hold: statuses, no exception, abort or printf across the boundary; calls that
 * may take long receive numbers only.
 *
 * A collective is called by all ranks, in the same order. In the CPU build sums are added up in the
 * order of the ranks, in double precision, so for a number of ranks they have the same bits in
 * every run and on every rank. In the CUDA build NCCL adds them up in float32.
 *
 * Usage
 *   clipa_dist_load("");
 *   clipa_dist_identity(text, sizeof text);            // CUDA: rank 0, which gives it to the
 * others clipa_dist_meet(text, host, rank, ranks, device);  // CUDA: every rank
 *   clipa_dist_open(12000, 1800000);                   // slow
 *   clipa_dist_ranks(&rank, &ranks);
 *   clipa_dist_post(CLIPA_DIST_GATHER, 0, data, bytes, &ticket);
 *   clipa_dist_wait(ticket);                           // slow
 *   clipa_dist_take(ticket, out, ranks * bytes);
 *   clipa_dist_close();                                // slow; after a failure
 * clipa_dist_part(5000)
 */
#ifndef CLIPA_DIST_H
#define CLIPA_DIST_H

#include <stdint.h>

#include "clipa_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ops of programs, beside those of clipa.h, with the same conventions. The ranks must be open
 * before one runs. What a rank of another number of ranks would need is refused. */
enum clipa_dist_op_kind {
  /* n, ranks; x[n] -> y[ranks*n]: x of all ranks, in their order; x may be part `rank` of y */
  CLIPA_DIST_OP_ALL_GATHER = 100,
  /* n, ranks; x[ranks*n] -> y[n]: part `rank` of the sum over the ranks */
  CLIPA_DIST_OP_REDUCE_SCATTER = 101,
  /* n, slot; x[n]: starts the sum over the ranks and returns; x is read before it returns. A slot,
   * 0..4095, is in use until its sum is finished */
  CLIPA_DIST_OP_ALL_REDUCE_START = 102,
  /* n, slot; -> y[n]: waits for the sum that was started in this slot */
  CLIPA_DIST_OP_ALL_REDUCE_FINISH = 103,
  /* n, slot, ranks; x[ranks*n]: as all_reduce_start, for a sum of which each rank gets a part.
   * Slots of their own, 0..4095 */
  CLIPA_DIST_OP_REDUCE_SCATTER_START = 104,
  /* n, slot; -> y[n]: waits for part `rank` of that sum */
  CLIPA_DIST_OP_REDUCE_SCATTER_FINISH = 105
};

/* What clipa_dist_post starts. */
enum clipa_dist_exchange {
  CLIPA_DIST_GATHER = 0,   /* bytes of every rank, in their order: ranks * bytes come out */
  CLIPA_DIST_BROADCAST = 1 /* bytes of the root come out; the others' are not read */
};

/* Opens Open MPI, in the CUDA build NCCL: a path, or "" for the library that the system finds. */
int32_t clipa_dist_load(const char* library);
/* Rank 0 of the CUDA build: a text that the others need to meet it, made anew by every call: NCCL's
 * ids, and the port and the token with which rank 0 waits for signs of life. At most 1023 bytes. */
int32_t clipa_dist_identity(char* out, uint64_t bytes);
/* Every rank of the CUDA build, before clipa_dist_open: that text, where rank 0 can be reached,
 * which rank this is, and the number of its device. */
int32_t clipa_dist_meet(const char* identity, const char* host, int32_t rank, int32_t ranks,
                        int32_t device);
/* Joins the other ranks. A rank that gives no sign of life for silence_ms counts as lost, and a
 * collective that takes longer than timeout_ms fails; both are positive. Meant for a nonblocking
 * call, as wait and close are. */
int32_t clipa_dist_open(uint32_t silence_ms, uint32_t timeout_ms);
int32_t clipa_dist_ranks(int32_t* rank, int32_t* ranks);
/* Starts a collective of host memory; data is copied. */
int32_t clipa_dist_post(int32_t exchange, int32_t root, const void* data, uint64_t bytes,
                        uint64_t* ticket);
/* Waits for it. */
int32_t clipa_dist_wait(uint64_t ticket);
/* Copies what came out, exactly `bytes`, and gives the ticket back. */
int32_t clipa_dist_take(uint64_t ticket, void* out, uint64_t bytes);
/* Ends all waiting, here and on the other ranks, which are told the reason. */
int32_t clipa_dist_abort(const char* reason);
/* After a failure, once the process has said why it ends: waits until the other ranks, too, have
 * said so, at most patience_ms. A launcher ends all ranks as soon as one has ended with a failure.
 */
int32_t clipa_dist_part(uint32_t patience_ms);
/* Leaves; every rank must. After an abort it only ends the thread's work. */
int32_t clipa_dist_close(void);
/* What went wrong first between the ranks, as a sentence; empty while nothing did. */
int32_t clipa_dist_failure(char* out, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
