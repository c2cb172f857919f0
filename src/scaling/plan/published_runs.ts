import type { ModelSpec } from "../../config/model_spec.ts";
import { paperSpec } from "../paper/paper_spec.ts";
import { PAPER_TABLES } from "../paper/paper_tables.ts";
import type { ComputeStage } from "../paper_compute.ts";

/** A run of the papers with its hours on 8 x A100. */
export interface PublishedRun {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly stages: readonly ComputeStage[];
  readonly gpuHours: number;
  /** In1k top-1 in percent. */
  readonly top1: number;
}

/** What the tables leave to the text: caption tokens of each stage, and the share masked in tuning. */
interface Details {
  readonly name: string;
  readonly preset: string;
  readonly flavour: "jax" | "torch";
  readonly textTokens: readonly number[];
  readonly masked: readonly number[];
  readonly find: (row: { model: string; data?: string; gpuHours?: number }) => boolean;
}

const V2_TEXT = [8, 32, 32], V2_MASKED = [0, 0.3, 0.4];

/** Paper 1, table 1: the three headline runs, with the caption lengths of the released scripts. */
const HEADLINE: readonly Details[] = [
  ["CLIPA-B/16 (I50,T16)", "B/16", [16, 16]] as const,
  ["CLIPA-L/16 (I17,T16)", "L/16", [16, 16]] as const,
  ["CLIPA-L/16 (I37,T8)", "L/16", [8, 32]] as const,
].map(([name, preset, textTokens]) => ({
  name,
  preset,
  flavour: "torch",
  textTokens,
  masked: [0, 0],
  find: ({ model }) => model === name,
}));

/** Paper 2, table 4: the runs whose hours are printed whole. */
const SECOND: readonly Details[] = [
  ["CLIPA-v2 L/14 (84 px)", "L/14", 4008] as const,
  ["CLIPA-v2 H/14 (70 px)", "H/14", 5920] as const,
  ["CLIPA-v2 H/14 (84 px)", "H/14", 7776] as const,
].map(([name, preset, hours]) => ({
  name,
  preset,
  flavour: "jax",
  textTokens: V2_TEXT,
  masked: V2_MASKED,
  find: ({ gpuHours }) => gpuHours === hours,
}));

/** The three headline runs of paper 1. */
export const HEADLINE_RUNS: readonly PublishedRun[] = HEADLINE.map((details) =>
  publishedRun(details, PAPER_TABLES.limitedResources.rows)
);

/**
 * All whole runs of CLIPA whose hours a table of the papers prints. Left out: G/14, which only the
 * README lists and whose compute and hours contradict each other, and OpenCLIP's and OpenAI's runs on
 * hundreds of other machines.
 */
export const PUBLISHED_RUNS: readonly PublishedRun[] = [
  ...HEADLINE_RUNS,
  ...SECOND.map((details) => publishedRun(details, PAPER_TABLES.v2Results.rows)),
];

/** G/14 of the README at 84 px, to look at from outside: no part of the calibration. */
export const README_RUN: PublishedRun = publishedRun({
  name: "CLIPA G/14 (README, 84 px)",
  preset: "G/14",
  flavour: "jax",
  textTokens: V2_TEXT,
  masked: V2_MASKED,
  find: ({ gpuHours }) => gpuHours === 21_998,
}, PAPER_TABLES.readmeG14.rows);

function publishedRun(
  { name, preset, flavour, textTokens, masked, find }: Details,
  rows: (typeof PAPER_TABLES.limitedResources)["rows"],
): PublishedRun {
  const row = rows.find(find);
  if (row?.gpuHours === undefined) throw new RangeError(`${name}: no row with hours in the table`);
  const spec = paperSpec(preset, flavour);
  const stages = row.stages.map(({ samples, imageSize }, i) => {
    const patches = (imageSize / spec.image.patch) ** 2;
    // Kept as the code keeps them: rounded down (179 of 256, 345 of 576).
    return { samples, patches: Math.floor(patches * (1 - masked[i])), textTokens: textTokens[i] };
  });
  return { name, spec, stages, gpuHours: row.gpuHours, top1: row.scores.in1k };
}
