import { distSymbols } from "./dist_symbols.ts";
import { imageSymbols } from "./image_symbols.ts";
import { searchSymbols } from "./search_symbols.ts";
import { ortSymbols } from "./ort_symbols.ts";

/**
 * The foreign-function table of the native library: one entry per function of
 * `kernels/include/clipa.h`, in its order. A test parses the header and compares.
 *
 * Handles are `u64`. Calls that may run long are declared `nonblocking`; they receive handles only,
 * never memory of the JavaScript heap.
 */
export const symbols = {
  // (uint32_t* version)
  clipa_abi_version: { parameters: ["buffer"], result: "i32" },
  // (char* out, uint64_t bytes)
  clipa_build_info: { parameters: ["buffer", "u64"], result: "i32" },
  // (uint64_t context, char* out, uint64_t bytes)
  clipa_error_message: { parameters: ["u64", "buffer", "u64"], result: "i32" },
  // (const clipa_context_params* params, uint64_t* context)
  clipa_context_create: { parameters: ["buffer", "buffer"], result: "i32" },
  // (uint64_t context)
  clipa_context_destroy: { parameters: ["u64"], result: "i32" },
  // (uint64_t context, int32_t flag)
  clipa_context_cancel: { parameters: ["u64", "i32"], result: "i32" },
  // (uint64_t context, uint64_t* bytes, uint64_t* peak_bytes)
  clipa_context_memory: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
  // (uint64_t context, uint64_t bytes, uint64_t* buffer)
  clipa_buffer_create: { parameters: ["u64", "u64", "buffer"], result: "i32" },
  // (uint64_t buffer)
  clipa_buffer_destroy: { parameters: ["u64"], result: "i32" },
  // (uint64_t buffer, uint64_t offset, const void* data, uint64_t bytes)
  clipa_buffer_write: { parameters: ["u64", "u64", "buffer", "u64"], result: "i32" },
  // (uint64_t buffer, uint64_t offset, void* data, uint64_t bytes)
  clipa_buffer_read: { parameters: ["u64", "u64", "buffer", "u64"], result: "i32" },
  // (uint64_t context, const clipa_op* ops, uint64_t count)
  clipa_execute: { parameters: ["u64", "buffer", "u64"], result: "i32" },
  // (uint64_t context, const clipa_op* ops, uint64_t count, uint64_t* program)
  clipa_program_create: { parameters: ["u64", "buffer", "u64", "buffer"], result: "i32" },
  // (uint64_t program)
  clipa_program_destroy: { parameters: ["u64"], result: "i32" },
  // (uint64_t program)
  clipa_program_run: { parameters: ["u64"], result: "i32", nonblocking: true },
  // (uint64_t program, double* seconds, uint64_t count, uint64_t* runs)
  clipa_program_profile: { parameters: ["u64", "buffer", "u64", "buffer"], result: "i32" },
  ...imageSymbols,
  ...searchSymbols,
  ...ortSymbols,
  ...distSymbols,
} as const satisfies Deno.ForeignLibraryInterface;
