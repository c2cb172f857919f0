import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Recipe } from "../config/recipe.ts";
import { KEEP_BYTES } from "../data/stream/sample_stream.ts";
import { parameterCounts } from "../model/model_cost.ts";

/** What a machine has to offer; bytes. */
export interface Room {
  /** Free on the disk of the run's folder. */
  readonly disk: number;
  /** Memory that can be had without swapping. */
  readonly memory: number;
}

/** What a run needs at least; bytes. */
export function runNeeds(recipe: Recipe): Room {
  const counts = recipe.stages.map(({ image, text }) =>
    parameterCounts(recipe.model, image.size, text.tokens).total
  );
  const parameters = Math.max(...counts);
  // Weights, moments and average of each checkpoint, those to go back to after spikes among them; one
  // more is written before the oldest goes. Then the weights alone.
  const kept = recipe.checkpoint.keep + (recipe.guards ? 2 : 0);
  const disk = (kept + 1) * 16 * parameters + 4 * parameters;
  // The same and the gradients; the copy that is being saved; three batches of the loader.
  const batches = recipe.stages.map(({ batch, image }) => 3 * batch * image.size ** 2 * 3);
  const stream = recipe.data.stream ? KEEP_BYTES : 0;
  return { disk, memory: 36 * parameters + Math.max(...batches) + stream };
}

/**
 * What stands in the way of a run, before its first step; nothing when it may start.
 *
 * @param out Folder of the run, for the message.
 */
export function findShortage(recipe: Recipe, out: string, room: Room): string[] {
  const needs = runNeeds(recipe);
  const problems: string[] = [];
  if (needs.disk > room.disk) {
    problems.push(
      `${out}: ${megabytes(room.disk)} are free on its disk; the run needs ${
        megabytes(needs.disk)
      } ` +
        "for its checkpoints; free some space, lower checkpoint.keep, or name another folder with --out",
    );
  }
  if (needs.memory > room.memory) {
    problems.push(
      `${megabytes(room.memory)} of memory are free; the run needs at least ` +
        `${megabytes(needs.memory)}; end other programs, or take a smaller model or batch`,
    );
  }
  return problems;
}

/**
 * Looks for space and memory before a run starts. What a system does not tell is not checked.
 *
 * @throws {Error} saying what is short, how much is needed and what to do.
 */
export function preflight(recipe: Recipe, out: string): void {
  const problems = findShortage(recipe, out, { disk: freeBytes(out), memory: freeMemory() });
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

function freeBytes(path: string): number {
  for (let folder = path;; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch {
      if (dirname(folder) === folder) return Infinity;
    }
  }
}

function freeMemory(): number {
  const { available } = Deno.systemMemoryInfo();
  // Some systems report none.
  return available > 0 ? available : Infinity;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 0 })} MB`;
}
