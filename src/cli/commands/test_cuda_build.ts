import type { Command } from "../command.ts";
import { runTests } from "./test_command.ts";

/**
 * `deno task test:cuda-build`: that the CUDA library compiles and links (which the launcher has done
 * by now: a toolkit that cannot be fetched is a failure), and what it exports and takes.
 */
export const testCudaBuild: Command = {
  name: "test:cuda-build",
  summary: "Compile and link the CUDA library and check what it exports",
  options: {},
  async run(context) {
    const { passed, failed } = await runTests(context, ["tests/cuda_build/"]);
    return {
      code: failed === 0 && passed > 0 ? 0 : 1,
      json: { passed, failed },
      text: `${passed} passed, ${failed} failed`,
    };
  },
};
