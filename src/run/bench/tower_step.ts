import type { Recipe } from "../../config/recipe.ts";
import { PRESETS } from "../../config/presets.ts";
import { parseRecipe } from "../../config/parse_recipe.ts";
import type { ModelSpec } from "../../config/model_spec.ts";
import type { NativeContext } from "../../native/context.ts";
import { OpKind } from "../../native/op_kinds.ts";
import { Tape } from "../../tensor/tape.ts";
import type { Program } from "../../tensor/program.ts";
import type { FixedTensor } from "../../tensor/fixed_tensor.ts";
import { patterned } from "./sgemm_rate.ts";

/** A training step of the papers: which model, picture size and caption length. */
export interface TowerShape {
  /** A preset. */
  readonly tower: string;
  /** Side of the pictures, in pixels. */
  readonly size: number;
  readonly textTokens: number;
}

/** The models of the papers at the token budgets they were trained with, in the JAX flavour. */
export const TOWER_SHAPES: readonly TowerShape[] = [
  { tower: "S/16", size: 112, textTokens: 32 },
  { tower: "B/16", size: 112, textTokens: 16 },
  { tower: "L/16", size: 64, textTokens: 16 },
  { tower: "L/16", size: 96, textTokens: 8 },
  { tower: "H/14", size: 84, textTokens: 8 },
  { tower: "G/14", size: 84, textTokens: 8 },
];

/** A recipe that holds the model and one stage of a shape. */
export function towerRecipe({ tower, size, textTokens }: TowerShape, batch: number): Recipe {
  return parseRecipe({
    name: "bench",
    data: { set: "icons-v1" },
    model: { preset: tower, flavour: "jax" },
    stages: [{
      name: "only",
      samples: batch,
      batch,
      image: { size },
      text: { tokens: textTokens },
      lr: 1e-4,
      warmup: { share: 0.1 },
    }],
    optimizer: { averaging: { kind: "ema", decay: 0.99 } },
    eval: { benches: [], retrieval: [] },
  }, "bench");
}

/** The name of a shape in results, for example `L16.i17.t16`. */
export function shapeName({ tower, size, textTokens }: TowerShape): string {
  const { patch } = PRESETS[tower].image;
  return `${tower.replace("/", "")}.i${(size / patch) ** 2 + 1}.t${textTokens}`;
}

/** Rows, columns and depth of a product of a step, and how many of its kind a forward pass has. */
export interface StepProduct {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly layers: number;
}

/** The products of the towers' blocks, where all but a few in a hundred of a step's work is done. */
export function blockProducts(
  spec: ModelSpec,
  tokens: { readonly image: number; readonly text: number },
  batch: number,
): StepProduct[] {
  return (["image", "text"] as const).flatMap((side) => {
    const { width, mlp, layers } = spec[side];
    const shapes = { qkv: [3 * width, width], out: [width, width], up: [mlp, width] } as const;
    return Object.entries({ ...shapes, down: [width, mlp] as const }).map(([name, [n, k]]) => (
      { name: `${side}.${name}`, m: batch * tokens[side], n, k, layers }
    ));
  });
}

/** A layer's products in a step: forward, and back to its input and its weight. */
const WAYS = 3;

/** One product of each shape, forward and both ways back, without anything between them: one program. */
export class ProductSet implements Disposable {
  /** Floating-point operations of a run. */
  readonly flops: number;
  readonly #program: Program;
  readonly #tensors: FixedTensor[] = [];

  constructor(context: NativeContext, products: readonly StepProduct[]) {
    this.flops = products.reduce((sum, { m, n, k }) => sum + WAYS * 2 * m * n * k, 0);
    const tape = new Tape(context);
    // Inputs are never written, so that their values stay as they are; results lie in the arena.
    const most = (of: (product: StepProduct) => number) => Math.max(...products.map(of));
    const wide = this.#own(patterned(context, [most(({ m, n }) => m * n)]));
    const narrow = this.#own(patterned(context, [most(({ m, k }) => m * k)]));
    const square = this.#own(patterned(context, [most(({ n, k }) => n * k)]));
    for (const { m, n, k } of products) {
      const dz = wide.rows(0, m * n), x = narrow.rows(0, m * k), w = square.rows(0, n * k);
      const dims = [m, n, k];
      tape.emit(OpKind.LINEAR, { dims }, [x, w, null, null], [tape.create([m, n]), null]);
      tape.emit(OpKind.LINEAR_BACKWARD_INPUT, { dims }, [dz, w, null, null], [tape.create([m, k])]);
      tape.emit(OpKind.LINEAR_BACKWARD_WEIGHT, { dims }, [dz, x], [tape.create([n, k]), null]);
    }
    this.#program = tape.compile();
  }

  /** Runs all once and returns the seconds. */
  async seconds(): Promise<number> {
    const start = performance.now();
    await this.#program.run();
    return (performance.now() - start) / 1000;
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
    for (const tensor of this.#tensors) tensor[Symbol.dispose]();
  }

  #own(tensor: FixedTensor): FixedTensor {
    this.#tensors.push(tensor);
    return tensor;
  }
}
