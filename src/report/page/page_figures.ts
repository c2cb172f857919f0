import { whatHolds } from "../../scaling/findings/what_holds.ts";
import { sweepScalingRows } from "../../scaling/sweep_scaling_rows.ts";
import { tokenDrops } from "../../scaling/token_drops.ts";
import { changeAgainstKept } from "../figures/change_against_kept.ts";
import { changeAgainstSize } from "../figures/change_against_size.ts";
import { changeAgainstTokens } from "../figures/change_against_tokens.ts";
import type { Figure } from "../figures/figure.ts";
import { findingsFigure } from "../figures/findings_figure.ts";
import {
  keptTable,
  lawTable,
  paperComputeTable,
  paperKeptTable,
  paperLawTable,
  rowsComputeTable,
} from "../figures/law_tables.ts";
import type { PanelOptions } from "../figures/panel_figure.ts";
import { scoreAgainstCompute } from "../figures/score_against_compute.ts";
import { scoreAgainstTokensSeen } from "../figures/score_against_tokens_seen.ts";
import { trainingCurve } from "../figures/training_curve.ts";
import type { Collected, ReportedSweep } from "./collect_runs.ts";

/** A figure of the page in the forms for a wide and for a narrow screen. */
export interface PageFigure {
  /** Address within the page; letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly wide: Figure;
  readonly narrow: Figure;
}

/** Metric of our sweeps that the page draws, as the design of the experiment names it. */
const PRIMARY = { bench: "icons-100", metric: "icons-100.top1", measure: "icons-100 top-1" };

/**
 * The figures of a report: losses of runs, our sweeps where they have enough cells, and the paper's
 * figures for comparison.
 */
export function pageFigures({ runs, sweeps }: Collected): PageFigure[] {
  const curves = runs.filter(({ lines }) => lines.some(({ loss }) => Number.isFinite(loss)));
  const found: PageFigure[] = curves.length === 0 ? [] : [
    make(
      "loss",
      "Training loss",
      "The dotted line is where the first run's next stage begins.",
      () => trainingCurve(curves),
    ),
  ];
  const rowsOf = (sweep: string) => sweeps.find(({ name }) => name === sweep)?.rows ?? [];
  const scales = whatHolds(rowsOf("law"), rowsOf("text-law"));
  if (scales.some(({ ours }) => ours !== null)) {
    found.push(
      make("what-holds", "What holds at which scale", "", (size) => findingsFigure(scales, size)),
    );
  }
  for (const sweep of sweeps) found.push(...sweepFigures(sweep));
  const image = paperLawTable("image");
  return [
    ...found,
    make(
      "paper-4",
      "Paper: change against image tokens (figure 4)",
      LAW,
      (options) => changeAgainstTokens(image, options),
    ),
    make(
      "paper-7",
      "Paper: change against text tokens (figure 7)",
      LAW,
      (options) => changeAgainstTokens(paperLawTable("text"), options),
    ),
    make(
      "paper-8",
      "Paper: score against compute (figure 8)",
      "",
      () => scoreAgainstCompute(paperComputeTable()),
    ),
    make(
      "paper-9",
      "Paper: change against model size (figure 9)",
      LAW,
      (options) => changeAgainstSize(image, options),
    ),
    make(
      "paper-10",
      "Paper: score against tokens seen (figure 10)",
      "",
      (options) => scoreAgainstTokensSeen(image, options),
    ),
    make(
      "paper-v2-2",
      "CLIPA-v2: masks in tuning (figure 2)",
      LAW,
      () => changeAgainstKept(paperKeptTable()),
    ),
  ];
}

/** The figures of a sweep for which it has enough cells. */
function sweepFigures({ name, rows }: ReportedSweep): PageFigure[] {
  const { bench } = PRIMARY;
  const common = { ...PRIMARY, source: `sweep ${name}` };
  const found = () => sweepScalingRows(rows, { bench });
  const axis = name === "text-law" ? "text" : "image";
  const table = () => lawTable(found(), { ...common, axis, unit: "logit" });
  const masks = () => tokenDrops(sweepScalingRows(rows, { bench, stage: "last" }), { axis });
  const attempts: [key: string, title: string, draw: (options: PanelOptions) => Figure][] =
    name === "tuning-masks"
      ? [["kept", "masks in tuning", () => changeAgainstKept(keptTable(masks(), common))]]
      : [
        ["tokens", "change against tokens", (options) => changeAgainstTokens(table(), options)],
        ["size", "change against model size", (options) => changeAgainstSize(table(), options)],
        [
          "compute",
          "score against compute",
          () => scoreAgainstCompute(rowsComputeTable(found(), common)),
        ],
      ];
  return attempts.flatMap(([key, title, draw]) =>
    tryMake(`${slug(name)}-${key}`, `Ours, ${name}: ${title}`, "", draw) ?? []
  );
}

const LAW =
  "The inverse scaling law holds where the line of a larger model lies above that of a smaller one.";

function make(
  id: string,
  title: string,
  caption: string,
  draw: (options: PanelOptions) => Figure,
): PageFigure {
  return { id, title, caption, wide: draw({}), narrow: draw({ columns: 1 }) };
}

/** A sweep that has not gone far enough has no figure yet. */
function tryMake(...args: Parameters<typeof make>): PageFigure | null {
  try {
    return make(...args);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
