/** The part of the symbol table for `kernels/include/clipa_dist.h`. */
export const distSymbols = {
  // (const char* library)
  clipa_dist_load: { parameters: ["buffer"], result: "i32" },
  // (char* out, uint64_t bytes)
  clipa_dist_identity: { parameters: ["buffer", "u64"], result: "i32" },
  // (const char* identity, const char* host, int32_t rank, int32_t ranks, int32_t device)
  clipa_dist_meet: { parameters: ["buffer", "buffer", "i32", "i32", "i32"], result: "i32" },
  // (uint32_t silence_ms, uint32_t timeout_ms)
  clipa_dist_open: { parameters: ["u32", "u32"], result: "i32", nonblocking: true },
  // (int32_t* rank, int32_t* ranks)
  clipa_dist_ranks: { parameters: ["buffer", "buffer"], result: "i32" },
  // (int32_t exchange, int32_t root, const void* data, uint64_t bytes, uint64_t* ticket)
  clipa_dist_post: { parameters: ["i32", "i32", "buffer", "u64", "buffer"], result: "i32" },
  // (uint64_t ticket)
  clipa_dist_wait: { parameters: ["u64"], result: "i32", nonblocking: true },
  // (uint64_t ticket, void* out, uint64_t bytes)
  clipa_dist_take: { parameters: ["u64", "buffer", "u64"], result: "i32" },
  // (const char* reason)
  clipa_dist_abort: { parameters: ["buffer"], result: "i32" },
  // (uint32_t patience_ms)
  clipa_dist_part: { parameters: ["u32"], result: "i32", nonblocking: true },
  // ()
  clipa_dist_close: { parameters: [], result: "i32", nonblocking: true },
  // (char* out, uint64_t bytes)
  clipa_dist_failure: { parameters: ["buffer", "u64"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Op kinds of `clipa_dist.h`, without their prefix; a test compares names and numbers. */
export const DistOpKind = {
  ALL_GATHER: 100,
  REDUCE_SCATTER: 101,
  ALL_REDUCE_START: 102,
  ALL_REDUCE_FINISH: 103,
  REDUCE_SCATTER_START: 104,
  REDUCE_SCATTER_FINISH: 105,
} as const;

/** What is exchanged between ranks from host memory, as in `clipa_dist.h`. */
export const Exchange = { GATHER: 0, BROADCAST: 1 } as const;
