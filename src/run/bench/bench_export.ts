import { ClipModel } from "../../model/clip_model.ts";
import { gridOf, type ModelShape } from "../../model/model_shape.ts";
import type { NativeContext } from "../../native/context.ts";
import { exportModel } from "../../onnx/export_model.ts";
import type { Parity } from "../../onnx/model_card.ts";
import { Tokenizer } from "../../text/tokenizer.ts";
import { trainBpe } from "../../text/train_bpe.ts";
import { benchSpec, type StepShape } from "./bench_model.ts";

/** An exported model to be timed, in a temporary folder, and inputs for it. */
export interface BenchExport extends AsyncDisposable {
  readonly dir: string;
  readonly shape: ModelShape;
  readonly parity: Parity;
  /** Pictures of noise, uint8 [batch, size, size, 3]. */
  pixels(batch: number): Uint8Array;
  /** Every k-th patch of each picture, int32 [batch, count]. */
  kept(batch: number, count: number): Int32Array;
}

/** Exports a model with initial weights in both forms: a pass costs the same as a trained one's. */
export async function benchExport(
  context: NativeContext,
  step: Omit<StepShape, "batch">,
): Promise<BenchExport> {
  const spec = benchSpec({ ...step, batch: 1 });
  const imageSize = Math.sqrt(step.imageTokens - 1) * spec.image.patch;
  const shape = { spec, imageSize, textTokens: step.textTokens };
  using model = new ClipModel(context, shape, { training: false });
  const dir = await Deno.makeTempDir({ prefix: "clipa-bench-" });
  const provenance = {
    run: "",
    recipe: "bench",
    recipeHash: "0".repeat(64),
    samples: 0,
    stage: "",
    finished: true,
    weights: "value",
    dataSet: "",
    commit: null,
    dirty: null,
  } as const;
  const tokenizer = new Tokenizer(trainBpe(["red cat", "black cat"]), spec.flavour);
  const source = { name: "bench", model, weights: "value", tokenizer, provenance } as const;
  const { parity } = await exportModel(source, dir);
  return {
    dir,
    shape,
    parity,
    pixels(batch) {
      let state = 12345;
      const next = () => state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Uint8Array.from({ length: batch * imageSize ** 2 * 3 }, () => next() >>> 24);
    },
    kept(batch, count) {
      const stride = Math.floor(gridOf(shape) ** 2 / count);
      return Int32Array.from({ length: batch * count }, (_, i) => stride * (i % count));
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
