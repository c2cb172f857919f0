/** The part of the symbol table for `kernels/include/clipa_ort.h`. */
export const ortSymbols = {
  // (const char* library, const char* version)
  clipa_ort_load: { parameters: ["buffer", "buffer"], result: "i32" },
  // (uint64_t session, uint64_t run, char* out, uint64_t bytes)
  clipa_ort_error_message: { parameters: ["u64", "u64", "buffer", "u64"], result: "i32" },
  // (char* out, uint64_t bytes, uint64_t* needed)
  clipa_ort_custom_ops: { parameters: ["buffer", "u64", "buffer"], result: "i32" },
  // (const clipa_ort_params* params, const char* path, const void* model, uint64_t bytes,
  //  uint64_t* session)
  clipa_ort_session_create: {
    parameters: ["buffer", "buffer", "buffer", "u64", "buffer"],
    result: "i32",
  },
  // (uint64_t session, uint64_t context)
  clipa_ort_session_use_context: { parameters: ["u64", "u64"], result: "i32" },
  // (uint64_t session)
  clipa_ort_session_open: { parameters: ["u64"], result: "i32", nonblocking: true },
  // (uint64_t session)
  clipa_ort_session_destroy: { parameters: ["u64"], result: "i32" },
  // (uint64_t session, char* out, uint64_t bytes, uint64_t* needed)
  clipa_ort_session_info: { parameters: ["u64", "buffer", "u64", "buffer"], result: "i32" },
  // (uint64_t session, uint64_t* run)
  clipa_ort_run_create: { parameters: ["u64", "buffer"], result: "i32" },
  // (uint64_t run)
  clipa_ort_run_destroy: { parameters: ["u64"], result: "i32" },
  // (uint64_t run, uint64_t index, int32_t type, const int64_t* dims, uint64_t rank,
  //  const void* data, uint64_t bytes)
  clipa_ort_run_input: {
    parameters: ["u64", "u64", "i32", "buffer", "u64", "buffer", "u64"],
    result: "i32",
  },
  // (uint64_t run, uint64_t index, uint64_t offset, const void* data, uint64_t bytes)
  clipa_ort_run_write: { parameters: ["u64", "u64", "u64", "buffer", "u64"], result: "i32" },
  // (uint64_t run, uint64_t index, int32_t type, const int64_t* dims, uint64_t rank,
  //  uint64_t buffer, uint64_t offset)
  clipa_ort_run_bind_input: {
    parameters: ["u64", "u64", "i32", "buffer", "u64", "u64", "u64"],
    result: "i32",
  },
  // the same
  clipa_ort_run_bind_output: {
    parameters: ["u64", "u64", "i32", "buffer", "u64", "u64", "u64"],
    result: "i32",
  },
  // (uint64_t run)
  clipa_ort_run_execute: { parameters: ["u64"], result: "i32", nonblocking: true },
  // (uint64_t run, uint64_t index, clipa_ort_tensor* tensor)
  clipa_ort_run_output: { parameters: ["u64", "u64", "buffer"], result: "i32" },
  // (uint64_t run, uint64_t index, uint64_t offset, void* data, uint64_t bytes)
  clipa_ort_run_read: { parameters: ["u64", "u64", "u64", "buffer", "u64"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;
