import { nearest } from "../../config/nearest.ts";
import { officialBench, officialKey } from "../bench_names.ts";
import type { BenchResult } from "./bench_result.ts";
import { PUBLISHED, PUBLISHED_CONDITIONS, type PublishedModel } from "./published.ts";

/** One of our numbers beside the published one; fractions. */
export interface Comparison {
  readonly bench: string;
  readonly metric: string;
  readonly ours: number;
  /** Standard error of `ours`. */
  readonly se: number;
  readonly published: number;
  /** `ours` less `published`. */
  readonly difference: number;
}

/** Numbers side by side, and why they may differ. */
export interface PublishedComparison {
  /** Whose numbers. */
  readonly name: string;
  readonly rows: readonly Comparison[];
  /** Conditions that differ from those of the published numbers. */
  readonly warnings: readonly string[];
}

/**
 * A model of the table of published numbers.
 *
 * @throws {RangeError} lists the names when there is none of this one.
 */
export function publishedModel(name: string): PublishedModel {
  const found = PUBLISHED.find((model) => model.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const names = PUBLISHED.map((model) => model.name);
  const guess = nearest(name, names);
  throw new RangeError(
    `--expected: seen "${name}"${guess ? ` (${guess}?)` : ""}; allowed: ${names.join(", ")}`,
  );
}

/** Names under which a part of a benchmark is compared too. */
const PART = /-part$/;

/**
 * The published numbers on a benchmark.
 *
 * @throws {RangeError} when the table has none on it.
 */
export function publishedValues(
  { name, values }: PublishedModel,
  bench: string,
): Readonly<Record<string, number>> {
  const key = officialKey(bench.replace(PART, ""));
  if (key !== undefined && Object.hasOwn(values, key)) return values[key];
  throw new RangeError(
    `--expected: ${name} has no published number on "${bench}"; allowed: --bench with one of ` +
      `${Object.keys(values).join(", ")}, or one of these and -part for fewer pictures`,
  );
}

/** Puts our numbers beside the published ones. @throws what {@linkcode publishedValues} throws. */
export function comparePublished(result: BenchResult, model: PublishedModel): PublishedComparison {
  const { conditions, rates } = result;
  const values = publishedValues(model, conditions.bench);
  const rows = rates.filter(({ metric }) => Object.hasOwn(values, metric))
    .map(({ metric, value, seBootstrap }) => ({
      bench: conditions.bench,
      metric,
      ours: value,
      se: seBootstrap,
      published: values[metric],
      difference: value - values[metric],
    }));
  return { name: model.name, rows, warnings: warningsOf(result, model) };
}

function warningsOf({ conditions, rates }: BenchResult, model: PublishedModel): string[] {
  const { bench, templates } = conditions;
  const wanted = {
    ...PUBLISHED_CONDITIONS,
    resolution: model.resolution,
    // Captions need no prompts.
    templates: templates === null ? null : PUBLISHED_CONDITIONS.templates,
  };
  const warnings = (["templates", "fit", "filter", "resolution", "textTokens"] as const)
    .filter((key) => conditions[key] !== wanted[key])
    .map((key) => `${key}: ours ${conditions[key]}, published with ${wanted[key]}`);
  const official = officialBench(bench.replace(PART, ""));
  const pictures = rates.find(({ metric }) => metric === "top1" || metric === "i2t.r1")?.n;
  if (official !== undefined && pictures !== official.n) {
    warnings.push(`pictures: ours ${pictures}, published with ${official.n}`);
  }
  return warnings;
}
