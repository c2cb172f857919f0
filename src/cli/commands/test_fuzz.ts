import type { Command } from "../command.ts";
import { lastLines, runCommand } from "../setup/run_command.ts";
import { UsageError } from "../usage_error.ts";

/** What reads bytes that strangers may have made: an index, pictures, ops and their data, other ranks. */
const ENTRIES = ["search", "pictures", "ops", "peers"] as const;

/** Longest input, bytes; the largest that any of them makes sense of is near. */
const LONGEST = 4096;
/** What is kept in the repository of each entry: so many short inputs that reach something of their own. */
const KEPT = 16;
const KEPT_BYTES = 96;

type Corpus = Record<string, string[]>;

/** `deno task test:fuzz`: gives the native library changed inputs, guided by the code that they reach. */
export const testFuzz: Command = {
  name: "test:fuzz",
  summary:
    "Fuzz the native library, guided by coverage, under the address and undefined sanitizers",
  options: {
    seconds: { kind: "value", value: "N", default: "5", help: "Longest time for each entry point" },
    runs: { kind: "value", value: "N", help: "Most inputs for each; none means any number" },
    only: { kind: "value", value: "NAME", help: `One entry point: ${ENTRIES.join(", ")}` },
    keep: { kind: "flag", help: "Write what was found to kernels/tests/fuzz/corpus.json" },
  },
  async run({ arguments: args, root, signal }) {
    const limit = (name: string) => {
      // libFuzzer's word for any number.
      if (args.value(name) === undefined) return -1;
      const count = Number(args.value(name));
      if (Number.isInteger(count) && count >= 1) return count;
      throw new UsageError(`--${name}: seen ${args.value(name)}; allowed: a whole number from 1`);
    };
    const [seconds, runs] = [limit("seconds"), limit("runs")];
    const only = args.value("only");
    if (only !== undefined && !ENTRIES.some((entry) => entry === only)) {
      throw new UsageError(`--only: seen ${only}; allowed: ${ENTRIES.join(", ")}`);
    }
    const corpusPath = `${root}/kernels/tests/fuzz/corpus.json`;
    const corpus: Corpus = JSON.parse(await Deno.readTextFile(corpusPath));
    const results = [];
    for (const entry of ENTRIES.filter((entry) => entry === (only ?? entry))) {
      const folder = `${root}/build/fuzz/corpus/${entry}`;
      await unpack(folder, corpus[entry] ?? []);
      const { code, output } = await runCommand(`${root}/build/fuzz/clipa_fuzz_${entry}`, [
        folder,
        `-max_total_time=${seconds}`,
        `-runs=${runs}`,
        `-max_len=${LONGEST}`,
        "-len_control=0",
        "-timeout=60",
        "-rss_limit_mb=2048",
        `-artifact_prefix=${root}/build/fuzz/${entry}-`,
        "-print_final_stats=1",
      ], { cwd: root, signal, env: { ASAN_OPTIONS: "detect_leaks=1" } });
      signal.throwIfAborted();
      const executions = Number(/number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? 0);
      const coverage = Number(/.*cov: (\d+)/s.exec(output)?.[1] ?? 0);
      const passed = code === 0 && executions > 0;
      console.error(
        `${entry.padEnd(9)} ${executions} inputs, ${coverage} places reached, ` +
          (passed ? "nothing found" : `FOUND something:\n${lastLines(output, 40)}`),
      );
      results.push({ entry, passed, executions, coverage });
      if (args.flag("keep")) corpus[entry] = await someShort(folder);
    }
    if (args.flag("keep")) {
      await Deno.writeTextFile(corpusPath, `${JSON.stringify(corpus, null, 1)}\n`);
    }
    const passed = results.filter((result) => result.passed).length;
    const failed = results.length - passed;
    return {
      code: failed === 0 ? 0 : 1,
      json: { passed, failed, results },
      text: `${passed} passed, ${failed} failed`,
    };
  },
};

async function unpack(folder: string, inputs: readonly string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [i, hex] of inputs.entries()) {
    await Deno.writeFile(`${folder}/kept-${i}`, Uint8Array.fromHex(hex));
  }
}

/** Some short inputs of a corpus, of which each reaches something that no other did, as hexadecimal. */
async function someShort(folder: string): Promise<string[]> {
  const found: Uint8Array[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const bytes = await Deno.readFile(`${folder}/${name}`);
    if (bytes.length > 0 && bytes.length <= KEPT_BYTES) found.push(bytes);
  }
  // Spread over all of them: neighbours in this order begin alike.
  const texts = [...new Set(found.map((bytes) => bytes.toHex()))].sort();
  const step = Math.max(1, texts.length / KEPT);
  return texts.filter((_, i) => Math.floor(i / step) > Math.floor((i - 1) / step));
}
