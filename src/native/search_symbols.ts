/** The part of the symbol table for `kernels/include/clipa_search.h`. */
export const searchSymbols = {
  // (float* rows, uint64_t count, uint32_t width, uint8_t* codes, uint64_t codes_bytes,
  //  float* scales, float* errors, uint64_t scales_bytes)
  clipa_search_encode: {
    parameters: ["buffer", "u64", "u32", "buffer", "u64", "buffer", "buffer", "u64"],
    result: "i32",
  },
  // (uint64_t map, const clipa_search_layout* layout, uint64_t* index)
  clipa_search_open: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
  // (uint64_t index)
  clipa_search_close: { parameters: ["u64"], result: "i32" },
  // (uint64_t context, uint64_t index, uint64_t query, uint64_t hits, uint32_t top, uint32_t flags)
  clipa_search_run: {
    parameters: ["u64", "u64", "u64", "u64", "u32", "u32"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;
