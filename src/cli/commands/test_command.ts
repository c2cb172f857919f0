import type { Command, CommandContext } from "../command.ts";
import { countTests, type TestCounts } from "../count_tests.ts";
import { runChild } from "../run_child.ts";
import { runCommand } from "../setup/run_command.ts";

/** What runs the ops on a device: each good and bad, beside its twin on the CPU, programs, whole steps. */
const DEVICE_SUITES = [
  "tests/ops/",
  "tests/tensor/",
  "tests/train/train_step_test.ts",
  "tests/cuda/twin_test.ts",
];

/** What runs the custom ops of ONNX Runtime there, where its provider for the device loads. */
const ORT_SUITES = ["custom_ops", "custom_op_errors", "token_reduce", "bound_run", "fast_graph"]
  .map((name) => `tests/onnx/${name}_test.ts`);

/** All tests but those of the CUDA library, which `test:cuda-build` builds and tests. */
export const ALL_TESTS = ["--ignore=tests/cuda_build/", "tests/"];

/** Why tests cannot run on a device; null when they can. A name that is no device is an error. */
async function whyNot(device: string, root: string): Promise<string | null> {
  const { parseDevice } = await import("../../native/device.ts");
  if (parseDevice(device).kind === "cpu") return null;
  return await probe("native/probe_device.ts", device, root, ["--no-config"]);
}

/** What a program of `src/` prints last when it says no; null when it says yes. */
async function probe(
  script: string,
  device: string,
  root: string,
  config: string[],
): Promise<string | null> {
  const { code, output } = await runCommand(
    Deno.execPath(),
    ["run", "-A", ...config, "--no-check", `${root}/src/${script}`, device],
    { cwd: root },
  );
  return code === 0 ? null : output.trim().split("\n").at(-1) ?? "the probe failed";
}

/** The suites of a device, without those of ONNX Runtime where its provider does not load. */
async function deviceSuites(device: string, context: CommandContext): Promise<string[]> {
  const config = ["--config", context.env("CLIPA_DENO_CONFIG") ?? `${context.root}/deno.json`];
  const reason = await probe("onnx/probe_provider.ts", device, context.root, config);
  if (reason === null) return [...DEVICE_SUITES, ...ORT_SUITES];
  console.error(`tests of ONNX Runtime on the device ${device} were skipped: ${reason}`);
  return [...DEVICE_SUITES];
}

/** `deno task test`: runs the tests and ends with the plain line `N passed, N failed`. */
export const test: Command = {
  name: "test",
  summary: "Run the tests",
  positional: {
    name: "path",
    default: "tests/",
    many: true,
    help: "Test file or folder, relative to the repository",
  },
  options: {
    device: {
      kind: "value",
      value: "DEVICE",
      help: "Run the op tests on cpu or cuda:<index>; none means the device cpu and all tests",
    },
    filter: { kind: "value", value: "TEXT", help: "Run only the tests whose name has TEXT" },
  },
  async run(context) {
    const device = context.arguments.value("device");
    let { positionals } = context.arguments;
    const env: Record<string, string> = {};
    if (device !== undefined) {
      const reason = await whyNot(device, context.root);
      if (reason !== null) {
        console.error(`tests on the device ${device} were skipped: ${reason}`);
        return { json: { passed: 0, failed: 0, skipped: reason }, text: "0 passed, 0 failed" };
      }
      env.CLIPA_DEVICE = device;
      if (positionals.join() === "tests/") positionals = await deviceSuites(device, context);
    }
    const filter = context.arguments.value("filter");
    const paths = positionals.join() === "tests/" ? ALL_TESTS : positionals;
    const args = filter === undefined ? paths : ["--filter", filter, ...paths];
    const { passed, failed, ignored } = await runTests(context, args, env);
    return {
      // A run without a test proves nothing, so it does not count as a success.
      code: failed === 0 && passed > 0 ? 0 : 1,
      json: { passed, failed, ignored },
      text: `${passed} passed, ${failed} failed`,
    };
  },
};

/**
 * Runs `deno test` with the configuration of this machine and counts the outcomes.
 *
 * @param args paths and options of `deno test`.
 * @param env environment variables of the tests, besides those of this process.
 */
export async function runTests(
  context: CommandContext,
  args: string[],
  env: Record<string, string> = {},
): Promise<TestCounts> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const config = context.env("CLIPA_DENO_CONFIG") ?? `${context.root}/deno.json`;
    const code = await runChild(
      Deno.execPath(),
      ["test", "-A", "--config", config, "--junit-path", report, ...args],
      { cwd: context.root, env, signal: context.signal },
    );
    const text = await Deno.readTextFile(report);
    const counts = text === "" ? { passed: 0, failed: 0, ignored: 0 } : countTests(text);
    // Type errors and files that do not load fail the run without being a test case.
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    await Deno.remove(report);
  }
}
