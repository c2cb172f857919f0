import type { Command } from "../command.ts";
import { runChild } from "../run_child.ts";
import { runCommand } from "../setup/run_command.ts";
import { runTests } from "./test_command.ts";

/**
 * What calls into the library: every op good and bad, programs, pictures, searches, whole steps, ranks
 * under Open MPI, and our operators inside ONNX Runtime; the last two are not instrumented themselves.
 */
const SUITES = [
  "tests/ops/",
  "tests/native/",
  "tests/tensor/",
  "tests/train/train_step_test.ts",
  "tests/data/augment_colours_test.ts",
  "tests/data/augment_shape_test.ts",
  "tests/data/loader_test.ts",
  "tests/data/resize_test.ts",
  "tests/data/shrunken_file_test.ts",
  "tests/eval/search_index_test.ts",
  "tests/onnx/custom_ops_test.ts",
  "tests/dist/equality_test.ts",
  "tests/dist/failure_test.ts",
  "tests/onnx/custom_op_errors_test.ts",
];

/**
 * `deno task test:sanitize`: the tests of the native library under the address and
 * undefined-behaviour sanitizers, and its threads under the thread sanitizer. A finding ends the test
 * process, so it fails the run.
 */
export const testSanitize: Command = {
  name: "test:sanitize",
  summary: "Test the native library under the address, undefined-behaviour and thread sanitizers",
  options: {},
  async run(context) {
    const { root, signal } = context;
    const runtimes = await sanitizerRuntimes(["libasan.so", "libubsan.so"]);
    const counts = await runTests(context, SUITES, {
      CLIPA_LIBRARY: `${root}/build/sanitize/libclipa_cpu.so`,
      LD_PRELOAD: runtimes.join(":"),
      // Deno itself is not instrumented: it keeps what it likes at its end, and its engine handles
      // signals of its own.
      ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:handle_sigfpe=0:handle_abort=0",
      UBSAN_OPTIONS: "print_stacktrace=1",
    });
    console.error(
      "sockets between ranks, and what strangers send them, under the address sanitizer",
    );
    const peers = await runChild(`${root}/build/sanitize/clipa_peers`, [], { cwd: root, signal });
    if (peers === 0) counts.passed++;
    else counts.failed++;
    console.error("threads under the thread sanitizer");
    const race = await runChild(`${root}/build/race/clipa_race`, [], { cwd: root, signal });
    if (race === 0) counts.passed++;
    else counts.failed++;
    const { passed, failed } = counts;
    return {
      code: failed === 0 ? 0 : 1,
      json: { passed, failed },
      text: `${passed} passed, ${failed} failed`,
    };
  },
};

/** The compiler's runtime libraries, which must be loaded before the program that loads ours. */
async function sanitizerRuntimes(names: readonly string[]): Promise<string[]> {
  const paths = [];
  for (const name of names) {
    const { code, output } = await runCommand("g++", [`-print-file-name=${name}`]);
    const path = output.trim();
    // The compiler answers with the bare name when it has no such file.
    if (code !== 0 || !path.startsWith("/")) {
      throw new Error(
        `${name} of g++ was not found (seen "${path}"); it comes with the Debian package g++; ` +
          "install it, then run the task again",
      );
    }
    paths.push(path);
  }
  return paths;
}
