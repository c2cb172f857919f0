import { mpirunArguments } from "../commands/launch_ranks.ts";
import type { Bench } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const SHAPE = { width: 192, imageTokens: 17, textTokens: 8, batch: 256 };
const STEPS = 4;

/** `ranks.2.efficiency`: two ranks with one thread each, against one rank with two threads. */
export const rankSpeed: Bench = {
  names: ["ranks.2.efficiency"],
  async run({ env }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { BenchStep } = await import("../../run/bench/bench_model.ts");
    using context = new NativeContext({ threads: 2 });
    using alone = new BenchStep(context, SHAPE);
    const ranks = new TimedRanks(env("CLIPA_DENO_CONFIG"));
    try {
      const pairs = await interleave(() => ranks.seconds(), async () => {
        let seconds = 0;
        for (let i = 0; i < STEPS; i++) seconds += await alone.seconds();
        return seconds;
      });
      const shares = pairs.map(({ first, second }) => second / first);
      const note =
        `samples/s of 2 ranks x 1 thread over 1 rank x 2 threads; width ${SHAPE.width}, ` +
        `${SHAPE.imageTokens} + ${SHAPE.textTokens} tokens, the same batch of ${SHAPE.batch}`;
      return [{ name: "ranks.2.efficiency", unit: "1", ...spread(shares), note }];
    } finally {
      await ranks.end();
    }
  },
};

/** Two ranks under mpirun that run steps when they are asked to. */
class TimedRanks {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(config: string | undefined) {
    const program = decodeURIComponent(new URL("./rank_steps.ts", import.meta.url).pathname);
    const chosen = config === undefined ? [] : ["--config", config];
    const deno = [Deno.execPath(), "run", ...chosen, "--allow-read", "--allow-env", "--allow-ffi"];
    const command = [...deno, "--allow-sys", program, JSON.stringify({ ...SHAPE, steps: STEPS })];
    this.#child = new Deno.Command("mpirun", {
      args: [...mpirunArguments(2, Deno.uid() === 0), ...command],
      env: { OMPI_MCA_btl_vader_single_copy_mechanism: "none" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Seconds of some steps. */
  async seconds(): Promise<number> {
    await this.#input.write(new TextEncoder().encode("\n"));
    let line = "";
    while (!line.includes("\n")) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error("the ranks ended early; see above");
      line += value;
    }
    return JSON.parse(line).seconds;
  }

  async end(): Promise<void> {
    // They may have ended by themselves; their exit is what counts.
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }
}
