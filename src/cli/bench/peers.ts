import type { Bench, BenchContext, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { PeerProcess } from "./peer_process.ts";
import { jaxPython, torchPython } from "./peer_python.ts";
import { spread } from "./spread.ts";

const SHAPE = { width: 192, imageTokens: 17, textTokens: 8, batch: 256 };
const PAIRS = 11;

/** A framework whose training step is timed. */
interface Peer {
  readonly name: string;
  /** File in `tests/goldens/peers/`. */
  readonly script: string;
  /** What linear layers multiply, in both; default float32. */
  readonly precision?: "bfloat16";
  python(context: BenchContext): Promise<string>;
}

/** `step.vs.jax`: against a jitted step of JAX. */
export const jaxPeer = peerBench({
  name: "step.vs.jax",
  script: "jax_step.py",
  python: () => jaxPython(),
});

/** `step.vs.torch`: against an eager step of PyTorch. */
export const torchPeer = peerBench({
  name: "step.vs.torch",
  script: "torch_step.py",
  python: ({ env }) => torchPython(env),
});

/** `step.bf16.vs.torch`: both on bfloat16, PyTorch by its automatic mixed precision. */
export const torchRoundedPeer = peerBench({
  name: "step.bf16.vs.torch",
  script: "torch_step.py",
  precision: "bfloat16",
  python: ({ env }) => torchPython(env),
});

/**
 * How many times faster a whole training step is than that of a peer on the same processor, pair by
 * pair (`--peers` only). Same shapes, same threads, same step; see `tests/goldens/peers/timing.py`.
 */
function peerBench(peer: Peer): Bench {
  return {
    names: [peer.name],
    async run(context) {
      if (!context.peers) {
        console.error(`bench  ${peer.name} is left out without --peers`);
        return [];
      }
      return [await measure(peer, context)];
    },
  };
}

async function measure(peer: Peer, context: BenchContext): Promise<BenchResult> {
  const threads = Number(context.env("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
  const python = await peer.python(context);
  const { NativeContext } = await import("../../native/context.ts");
  const { BenchStep } = await import("../../run/bench/bench_model.ts");
  using native = new NativeContext({ threads, precision: peer.precision });
  using bench = new BenchStep(native, SHAPE);
  const rounded = peer.precision === undefined ? [] : ["--bfloat16"];
  const flags = [...stepArguments(threads), ...rounded];
  const other = new PeerProcess(python, peer.script, flags, context.signal);
  try {
    const framework = await other.start();
    const pairs = await interleave(() => bench.seconds(), () => other.seconds(), PAIRS);
    const milliseconds = (values: number[]) => `${(1000 * spread(values).value).toFixed(0)} ms`;
    const note = `times faster than ${framework}; width ${SHAPE.width}, ${SHAPE.imageTokens} ` +
      `image and ${SHAPE.textTokens} text tokens, batch ${SHAPE.batch}, ${threads} threads, ours ` +
      `${milliseconds(pairs.map(({ first }) => first))}, theirs ` +
      `${milliseconds(pairs.map(({ second }) => second))}`;
    const ratios = pairs.map(({ first, second }) => second / first);
    return { name: peer.name, unit: "1", ...spread(ratios), note };
  } finally {
    await other.end();
  }
}

function stepArguments(threads: number): string[] {
  const flags = {
    "--width": SHAPE.width,
    "--heads": SHAPE.width / 32,
    "--image-tokens": SHAPE.imageTokens,
    "--text-tokens": SHAPE.textTokens,
    "--batch": SHAPE.batch,
    "--threads": threads,
  };
  return ["--serve", ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)])];
}
