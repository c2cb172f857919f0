/**
 * What is used of libvips beside sharp. `vips_image_new_from_buffer` takes more arguments in C, as
 * pairs of name and value behind the options; the null ends them at once, and the calling conventions
 * of x86-64 and arm64 Linux pass it as an ordinary argument.
 */
export const vipsSymbols = {
  vips_image_new_from_buffer: {
    parameters: ["buffer", "usize", "buffer", "pointer"],
    result: "pointer",
  },
  vips_image_get_width: { parameters: ["pointer"], result: "i32" },
  vips_image_get_height: { parameters: ["pointer"], result: "i32" },
  vips_image_get_bands: { parameters: ["pointer"], result: "i32" },
  vips_image_set_kill: { parameters: ["pointer", "i32"], result: "void" },
  // Off this thread: this is where the picture is decoded.
  vips_image_write_to_memory: {
    parameters: ["pointer", "buffer"],
    result: "pointer",
    nonblocking: true,
  },
  vips_error_clear: { parameters: [], result: "void" },
  g_object_unref: { parameters: ["pointer"], result: "void" },
  g_free: { parameters: ["pointer"], result: "void" },
} as const;
