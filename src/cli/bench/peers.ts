import type { Bench } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const SHAPE = { width: 192, imageTokens: 17, textTokens: 8, batch: 256 };
const FOLDER = decodeURIComponent(new URL("../../../build/peers", import.meta.url).pathname);

/**
 * `step.vs.jax` (`--peers` only): how many times faster a whole training step is than a jitted one of
 * JAX on the same processor, pair by pair. JAX comes from PyPI into a folder of the build.
 */
export const peers: Bench = {
  names: ["step.vs.jax"],
  async run(context) {
    if (!context.peers) return [];
    const threads = Number(context.env("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
    const python = await environment(context.signal);
    const { NativeContext } = await import("../../native/context.ts");
    const { BenchStep } = await import("../../run/bench/bench_model.ts");
    using native = new NativeContext({ threads });
    using bench = new BenchStep(native, SHAPE);
    const script = new URL("../../../tests/goldens/peers/jax_step.py", import.meta.url).pathname;
    const flags = {
      "--width": SHAPE.width,
      "--heads": SHAPE.width / 32,
      "--image-tokens": SHAPE.imageTokens,
      "--text-tokens": SHAPE.textTokens,
      "--batch": SHAPE.batch,
      "--threads": threads,
    };
    const child = new Deno.Command(python, {
      args: [script, "--serve", ...Object.entries(flags).flatMap(([k, v]) => [k, String(v)])],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      signal: context.signal,
    }).spawn();
    const writer = child.stdin.getWriter();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const answers = new LineReader(lines);
    const jax = async () => {
      await writer.write(new TextEncoder().encode("\n"));
      return Number(JSON.parse(await answers.next()).seconds);
    };
    try {
      // The peer says its name when it is warm.
      await answers.next();
      const pairs = await interleave(() => bench.seconds(), jax, 11);
      const ours = spread(pairs.map(({ first }) => first)).value;
      const note = `times faster; width ${SHAPE.width}, ${SHAPE.imageTokens} image and ` +
        `${SHAPE.textTokens} text tokens, batch ${SHAPE.batch}, ${threads} threads, ours ` +
        `${(1000 * ours).toFixed(0)} ms`;
      const ratios = pairs.map(({ first, second }) => second / first);
      return [{ name: "step.vs.jax", unit: "1", ...spread(ratios), note }];
    } finally {
      await writer.close();
      await child.status;
    }
  },
};

async function environment(signal: AbortSignal): Promise<string> {
  const python = `${FOLDER}/bin/python`;
  const run = async (command: string, args: string[]) => {
    const { success } = await new Deno.Command(command, { args, signal, stdout: "null" }).output();
    if (!success) {
      throw new Error(
        `${command} ${args.join(" ")} failed; --peers needs Python 3 with venv and pip`,
      );
    }
  };
  if (await hasJax(python)) return python;
  console.error("bench  installing JAX");
  await run("python3", ["-m", "venv", FOLDER]);
  await run(python, ["-m", "pip", "install", "--quiet", "jax[cpu]==0.10.2", "numpy"]);
  return python;
}

async function hasJax(python: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(python, {
      args: ["-c", "import jax"],
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false; // no such file
  }
}

/** Whole lines of a text stream. */
class LineReader {
  #rest = "";
  constructor(readonly reader: ReadableStreamDefaultReader<string>) {}

  async next(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.reader.read();
      if (done) throw new Error("the peer ended before it answered; see its message above");
      this.#rest += value;
    }
    const cut = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, cut);
    this.#rest = this.#rest.slice(cut + 1);
    return line;
  }
}
