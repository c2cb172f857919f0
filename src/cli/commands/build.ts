import type { Command } from "../command.ts";

/** `deno task build`: the launcher has built the library by now; this says where it is. */
export const build: Command = {
  name: "build",
  summary: "Build the native library",
  options: {},
  run({ root }) {
    const library = `${root}/build/cpu/libclipa_cpu.so`;
    const { size } = Deno.statSync(library);
    return Promise.resolve({ json: { library, bytes: size }, text: library });
  },
};
