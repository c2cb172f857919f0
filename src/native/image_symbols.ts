/** The part of the symbol table for `kernels/include/clipa_image.h`. */
export const imageSymbols = {
  // (const char* path, uint64_t* map, uint64_t* bytes)
  clipa_map_open: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  // (uint64_t map)
  clipa_map_close: { parameters: ["u64"], result: "i32" },
  // (uint64_t bytes, uint64_t* map)
  clipa_map_scratch: { parameters: ["u64", "buffer"], result: "i32" },
  // (uint64_t map, uint64_t offset, const uint8_t* data, uint64_t bytes)
  clipa_map_write: { parameters: ["u64", "u64", "buffer", "u64"], result: "i32" },
  // (const uint8_t* src, uint64_t src_bytes, uint32_t width, uint32_t height, uint32_t channels,
  //  const float* box, uint8_t* dst, uint64_t dst_bytes, uint32_t out_width, uint32_t out_height,
  //  int32_t filter)
  clipa_resize_u8: {
    parameters: [
      "buffer",
      "u64",
      "u32",
      "u32",
      "u32",
      "buffer",
      "buffer",
      "u64",
      "u32",
      "u32",
      "i32",
    ],
    result: "i32",
  },
  // (uint64_t map, uint64_t jobs, uint64_t count, uint64_t out, uint32_t out_size, int32_t filter)
  clipa_image_batch: {
    parameters: ["u64", "u64", "u64", "u64", "u32", "i32"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;
