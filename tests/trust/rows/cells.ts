import { type Notebook, textOf } from "../../../src/cli/notebooks/notebook_file.ts";
import { runNotebook } from "../../../src/cli/notebooks/run_notebook.ts";
import { openScratchTree } from "../../../src/cli/notebooks/scratch_tree.ts";
import { NOTEBOOK_NEEDS } from "../../../src/cli/setup/system_packages.ts";
import { makeNotebook } from "../../notebooks/make_notebook.ts";
import { requirePrograms } from "../../notebooks/require_programs.ts";
import { ROOT } from "../../structure/source_files.ts";

/** What a cell run leaves behind. */
export interface CellMemory {
  /** Cells that were measured, behind those of the warm-up. */
  readonly cells: number;
  readonly warmUp: number;
  /** Growth of the kernel's resident memory, as a share. */
  readonly growth: number;
  /** The same by cells that only measure: what the kernel keeps by itself. */
  readonly empty: number;
  /** Cells whose loss differs from that of the first: 0, since each starts anew. */
  readonly differing: number;
}

const SETUP = `import { print } from "../mod.ts";
import { parseRecipe } from "../src/config/parse_recipe.ts";
import { ClipModel } from "../src/model/clip_model.ts";
import { NativeContext } from "../src/native/context.ts";
import { TrainStep } from "../src/train/train_step.ts";
import v8 from "node:v8";
import vm from "node:vm";
v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc");
const rss = () => {
  collect();
  return Deno.memoryUsage().rss;
};
const memory = [], losses = [];
const { model: spec } = parseRecipe({
  name: "cells",
  data: { set: "icons-v1" },
  model: {
    preset: "laptop-w48",
    image: { layers: 1, patch: 4 },
    text: { layers: 1, vocabulary: 300 },
  },
  stages: [{
    name: "only", samples: 64, batch: 8, image: { size: 8 }, text: { tokens: 4 },
    lr: 1e-3, warmup: { share: 0.1 },
  }],
}, "cells");
const images = new Uint8Array(8 * 8 * 8 * 3).map((_, i) => 37 * i);
const tokens = new Int32Array(8 * 4).map((_, i) => 7 * i);
const settings = {
  learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, update: 1, clipNorm: null,
  logitScale: [-1e30, 1e30], averageDecay: 0,
};`;

/** What a user does over and over: a model, its step, a result. */
const CELL = `{
  using context = new NativeContext({ threads: 1 });
  using model = new ClipModel(context, { spec, imageSize: 8, textTokens: 4 }, { seed: 1 });
  using step = new TrainStep(model, { batch: 8, weightDecay: 0.1 });
  losses.push((await step.run(images, tokens, settings)).loss);
  memory.push(rss());
}`;

/** The kernel keeps something of every cell, whatever stands in it. */
const EMPTY = "memory.push(rss());";

/** Runs the same cell again and again in a real Deno kernel of Jupyter, and an empty one in another. */
export async function repeatCell(
  dir: string,
  cells: number,
  warmUp: number,
  signal?: AbortSignal,
): Promise<CellMemory> {
  requirePrograms(NOTEBOOK_NEEDS);
  // The median of several: a single value depends on when the allocator gives pages back.
  const some = Math.max(3, Math.floor(cells / 20));
  const measured = async (cell: string) => {
    const { memory, losses } = await runCells(`${dir}/cells.ipynb`, cell, warmUp + cells, signal);
    const before = median(memory.slice(warmUp, warmUp + some));
    return { losses, growth: (median(memory.slice(-some)) - before) / before };
  };
  const { losses, growth } = await measured(CELL);
  return {
    cells,
    warmUp,
    growth,
    empty: (await measured(EMPTY)).growth,
    differing: losses.filter((loss) => loss !== losses[0]).length,
  };
}

async function runCells(path: string, cell: string, count: number, signal?: AbortSignal) {
  const last = "await print(JSON.stringify({ memory, losses }));";
  makeNotebook(path, [SETUP, ...Array.from({ length: count }, () => cell), last]);
  using tree = openScratchTree(ROOT, configName());
  const { notebook } = await runNotebook(path, tree, ROOT, signal);
  const { memory, losses } = JSON.parse(printed(notebook)) as Record<string, number[]>;
  if (memory.length !== count) throw new Error(`${memory.length} of ${count} cells were run`);
  return { memory, losses };
}

function configName(): string {
  const path = Deno.env.get("CLIPA_DENO_CONFIG");
  return path === undefined ? "deno.json" : path.slice(path.lastIndexOf("/") + 1);
}

const printed = ({ cells }: Notebook) =>
  (cells.at(-1)!.outputs ?? []).map(({ text }) => textOf(text)).join("");

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
