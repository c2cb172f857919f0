import type { Recipe } from "../../config/recipe.ts";
import { recipeWarnings } from "../../config/recipe_warnings.ts";
import type { RankGroup } from "../../dist/rank_group.ts";
import type { Command } from "../command.ts";
import { checkWritable } from "../output_file.ts";
import { createProgressBar, type Progress } from "../progress_bar.ts";

/** What the command asks of the rest of the project. */
export interface TrainParts<DataSet, Result extends TrainResult> {
  loadRecipe(nameOrPath: string, overrides: readonly string[]): Promise<Recipe>;
  /** Chooses the device of the process and makes sure that it works; the name of the very one. */
  openDevice?(name: string): Promise<string>;
  /** Builds or opens the data set of the recipe. */
  prepareData(
    recipe: Recipe,
    options: { signal: AbortSignal; onProgress(progress: Progress): void },
  ): Promise<DataSet>;
  /** Checks that all ranks are asked for the same, before data is prepared. */
  agreeOnRun?(group: RankGroup, recipe: Recipe, shardOptimizer: boolean): Promise<void>;
  /** Tells the other ranks, where there are some, that this one cannot even begin. */
  tellRanks?(device: string, signal: AbortSignal, error: unknown): Promise<void>;
  /** Does the work as one of several ranks, when the process is one; default alone. */
  inGroup?<T>(
    device: string,
    signal: AbortSignal,
    work: (group: RankGroup) => Promise<T>,
  ): Promise<T>;
  runExperiment(recipe: Recipe, options: TrainOptions<DataSet>): Promise<Result>;
}

/** What `runExperiment` gets besides the recipe. */
export interface TrainOptions<DataSet> {
  /** Folder of the run; made if missing. */
  out: string;
  /** Goes on from the newest checkpoint in `out`. */
  resume: boolean;
  /** Ranks keep a share of the optimizer's state each. */
  shardOptimizer: boolean;
  /** `cpu` or `cuda:<index>`. */
  device: string;
  dataSet: DataSet;
  /** The ranks that train together; absent = alone. */
  group?: RankGroup;
  /** Seconds of set-up before this process and of the data set, for the result. */
  setupSeconds: number;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** The fields of a result that the command prints without `--json`. */
export interface TrainResult extends Record<string, unknown> {
  run: string;
  /** Seconds of training only. */
  seconds: number;
  samples: number;
  eval: Record<string, { top1: number; top5: number; n: number; classes: number; se: number }>;
}

/** `deno task train`: recipe in, trained and evaluated model out. */
export function trainCommand<DataSet, Result extends TrainResult>(
  parts: TrainParts<DataSet, Result>,
): Command {
  return {
    name: "train",
    summary: "Train a model from a recipe and evaluate it",
    positional: {
      name: "recipe",
      default: "quick",
      help: "Name of a recipe in src/config/recipes, or a path that ends in .yaml",
    },
    options: {
      set: { kind: "values", value: "a.b=VALUE", help: "Override a field of the recipe" },
      out: {
        kind: "value",
        value: "DIR",
        help: "Folder of the run; none means runs/<recipe name>",
      },
      "shard-optimizer": {
        kind: "flag",
        help:
          "Ranks keep a share of the optimizer's state each; when one fails the run goes back to a checkpoint",
      },
      resume: { kind: "flag", help: "Go on from the newest checkpoint in the folder" },
      device: {
        kind: "value",
        help: "cpu, cuda or cuda:<index>; none means CLIPA_DEVICE, else cpu",
      },
    },
    async run({ arguments: args, env, signal }) {
      const asked = args.value("device") ?? (env("CLIPA_DEVICE") || "cpu");
      const begin = async () => {
        const recipe = await parts.loadRecipe(args.positionals[0], args.values("set"));
        for (const warning of recipeWarnings(recipe)) console.error(`warning: ${warning}`);
        const out = args.value("out") ?? `runs/${recipe.name}`;
        checkWritable("--out", out);
        return { recipe, out, device: await parts.openDevice?.(asked) ?? asked };
      };
      const { recipe, out, device } = await begin().catch(async (error) => {
        await parts.tellRanks?.(asked, signal, error);
        throw error;
      });
      const train = async (group?: RankGroup) => {
        if (group) await parts.agreeOnRun?.(group, recipe, args.flag("shard-optimizer"));
        const onProgress = group && group.rank > 0 ? () => {} : createProgressBar();
        const startedMs = performance.now();
        const prepare = () => parts.prepareData(recipe, { signal, onProgress });
        const dataSet = await (group?.inTurn(prepare) ?? prepare());
        const dataSeconds = (performance.now() - startedMs) / 1000;
        return await parts.runExperiment(recipe, {
          out,
          resume: args.flag("resume"),
          shardOptimizer: args.flag("shard-optimizer"),
          device,
          dataSet,
          group,
          setupSeconds: Number(env("CLIPA_SETUP_SECONDS") ?? 0) + dataSeconds,
          signal,
          onProgress,
        });
      };
      const result = await (parts.inGroup?.(device, signal, train) ?? train());
      return { json: result, text: formatTrainResult(result) };
    },
  };
}

/** A short account of a finished run: fractions as percentages with their standard error. */
export function formatTrainResult(result: TrainResult): string {
  const rows = Object.entries(result.eval).map(([bench, { top1, top5, n, classes, se }]) =>
    `  ${bench.padEnd(14)}  top-1 ${percent(top1)} +- ${percent(se)}  top-5 ${percent(top5)}  ` +
    `(${n} pictures, ${classes} classes, chance ${percent(1 / classes)})`
  );
  return [
    `${result.run}: ${result.samples} pairs in ${result.seconds.toFixed(1)} s`,
    ...rows,
  ].join("\n");
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
