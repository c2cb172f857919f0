/**
 * Training steps on the library that `CLIPA_LIBRARY` names, and what the emulation counted, as JSON.
 * A program of its own, because the emulation reads its order of streams once.
 *
 * @module
 */
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { libraryPath } from "../../src/native/library.ts";
import { BENCH_SETTINGS, benchSpec } from "../../src/run/bench/bench_model.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { hashedFloats, hashedIntegers } from "../goldens/hashed.ts";

const [BATCH, SIZE, TOKENS, VOCABULARY] = [4, 16, 5, 60];

const CASES = [
  { precision: "float32", accumulate: 1, recompute: false },
  { precision: "bfloat16", accumulate: 2, recompute: true },
] as const;

async function train({ precision, accumulate, recompute }: typeof CASES[number]) {
  using context = new NativeContext({ threads: 1, precision });
  const spec = benchSpec({
    ...{ width: 32, imageTokens: 5, textTokens: TOKENS, batch: BATCH, layers: 2 },
    vocabulary: VOCABULARY,
  });
  using model = new ClipModel(context, { spec, imageSize: SIZE, textTokens: TOKENS }, {
    seed: 3,
    recompute,
  });
  using step = new TrainStep(model, { batch: BATCH, accumulate, weightDecay: 0.2 });
  const losses: number[] = [];
  // One by one, recorded behind that, then replayed.
  for (let i = 0; i < 4; i++) {
    const pixels = Uint8Array.from(
      hashedFloats(`pixels ${i}`, BATCH * SIZE * SIZE * 3, 0, 255),
      Math.floor,
    );
    const ids = hashedIntegers(`ids ${i}`, BATCH * TOKENS, 0, VOCABULARY);
    losses.push((await step.run(pixels, ids, { ...BENCH_SETTINGS, update: i + 1 })).loss);
  }
  const values = model.parameters.values().flatMap((value) => [...value.read()]);
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return { losses, hash, arenaBytes: step.arenaBytes, streams: context.streams };
}

if (import.meta.main) {
  const runs = [];
  for (const one of CASES) runs.push(await train(one));
  const { emulation_forked } = Deno.dlopen(libraryPath(), {
    emulation_forked: { parameters: ["i32"], result: "u64" },
  }).symbols;
  const beside = [0, 1].map((recorded) => Number(emulation_forked(recorded)));
  console.log(JSON.stringify({ runs, beside }));
}
