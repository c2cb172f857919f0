import { readModelCard } from "../../onnx/model_card.ts";
import { writeWhole } from "../../checkpoint/safetensors.ts";
import type { BenchScore } from "../run_experiment.ts";
import { readRunRecipe, recipeHash } from "../run_folder.ts";
import { cardText } from "./card_text.ts";

/** Options of {@linkcode writeCard}. */
export interface CardOptions {
  /** Folder of the run that the model comes from, for its scores. */
  readonly run?: string;
  /** Licence of the weights as Hugging Face names it, such as apache-2.0. */
  readonly license?: string;
}

/** Names that Hugging Face takes: lower case, digits, dots and hyphens. */
const LICENSE = /^[a-z0-9][a-z0-9.-]*$/;

/**
 * Writes the README.md of an exported model's folder from `model.json`, and from the `result.json` of
 * its run. Scores are taken only from the very run: the same recipe, as many pairs.
 *
 * @returns the path of the file.
 * @throws {Error} when there is no model, or the run is another one or not finished.
 *
 * @example
 * ```ts ignore
 * writeCard("models/quick", { run: "runs/quick", license: "apache-2.0" });
 * ```
 */
export function writeCard(dir: string, options: CardOptions = {}): string {
  const { run, license = null } = options;
  checkLicense(license);
  const card = readModelCard(dir);
  const { recipeHash: hash, samples } = card.provenance;
  const scores = run === undefined ? {} : readScores(run, hash, samples);
  const path = `${dir.replace(/(?<=.)\/+$/, "")}/README.md`;
  writeWhole(path, [new TextEncoder().encode(cardText(card, { scores, license }))]);
  return path;
}

function readScores(run: string, hash: string, samples: number): Record<string, BenchScore> {
  const seen = recipeHash(readRunRecipe(run));
  if (seen !== hash) {
    throw new Error(
      `${run}: the recipe has sha256 ${seen}, that of the model ${hash}; name the run that the model ` +
        "was exported from",
    );
  }
  let text: string;
  try {
    text = Deno.readTextFileSync(`${run}/result.json`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${run} has no result.json: it is not finished; train it to its end`, {
      cause,
    });
  }
  const result = JSON.parse(text) as { samples: number; eval: Record<string, BenchScore> };
  if (result.samples !== samples) {
    throw new Error(
      `${run}: its scores are those after ${result.samples} pairs, the model has seen ${samples}; ` +
        "export the finished run again",
    );
  }
  return result.eval;
}

/** @throws {RangeError} for what is no name of a licence: it is written into the card's front matter. */
export function checkLicense(license: string | null): void {
  if (license === null || LICENSE.test(license)) return;
  throw new RangeError(
    `license: seen ${JSON.stringify(license)}; allowed: a name such as apache-2.0 or cc-by-4.0`,
  );
}
