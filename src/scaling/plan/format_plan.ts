import type { CostPlan, StagePlan } from "./plan_recipe.ts";

/** A plan as a table for the terminal: what it costs, stage by stage, and where the hours go. */
export function formatPlan(name: string, plan: CostPlan): string {
  const { parameters, hardware, devices, hours, gpuHours, dollars } = plan;
  const lines = [
    `${name} on ${devices} x ${hardware}`,
    `parameters  ${millions(parameters.total)} M (image ${millions(parameters.image)}, text ` +
    `${millions(parameters.text)})`,
    `compute     ${plan.gmacsPerPair.toPrecision(4)} GMAC for a pair, ` +
    `${plan.gmacsPerPairWithAttention.toPrecision(4)} with attention (mean over all pairs)`,
    `memory      ${gib(plan.memoryBytesPerDevice)} GiB on each device${
      plan.fits ? "" : ": does not fit"
    }`,
    `time        ${short(hours)} h, ${short(gpuHours)} device hours`,
    `money       ${
      dollars === null ? "price not known; give --price" : `${Math.round(dollars)} dollars`
    }`,
    `efficiency  ${percent(plan.utilisation)} of the hardware's speeds reckoned with; ` +
    `${percent(plan.modelFlopUtilisation)} of its peak reaches the model` +
    (plan.gpuHoursByFlopsAlone === null
      ? ""
      : `; by arithmetic alone ${short(plan.gpuHoursByFlopsAlone)} device hours`),
    "",
    ...table(plan.stages),
    "",
    ...loaderLines(plan),
  ];
  for (const { name, accumulateToFit } of plan.stages.filter(({ fits }) => !fits)) {
    lines.push(
      accumulateToFit === null
        ? `stage ${name} does not fit even one pair at a time; take a larger device`
        : `stage ${name} needs accumulate: ${accumulateToFit} to fit, which runs the forward pass once more`,
    );
  }
  return lines.join("\n");
}

/** What the pictures take on the processor, beside the devices. */
function loaderLines({ stages, devices }: CostPlan): string[] {
  const cores = (count: number) => {
    const whole = Math.max(1, Math.ceil(count));
    return `${whole.toLocaleString("en")} ${whole === 1 ? "core" : "cores"}`;
  };
  const eats = devices === 1 ? "1 device takes" : `${devices} devices take`;
  return [
    ...stages.map(({ name, loader }) =>
      `loader      ${name}: ${eats} ${Math.round(loader.pairsPerSecond).toLocaleString("en")} ` +
      `pairs/s: ${cores(loader.streamCores)} to decode them while training ` +
      `(${Math.round(loader.picturesPerCore)} pictures/s of a core), or ` +
      `${cores(loader.bakedCores)} with baked records`
    ),
    "            reckoned for JPEGs of 400 x 300; measure yours with deno task bench --only decode.core, " +
    "give it with --decode-rate",
  ];
}

const HEADER = [
  "stage",
  "pairs",
  "steps",
  "GMAC",
  "pairs/s each",
  "GiB",
  "hours",
  "products",
  "memory",
  "optimizer",
  "pictures",
];

function table(stages: readonly StagePlan[]): string[] {
  const rows = stages.map(({ spent, gpuHours, ...stage }) => [
    stage.name,
    stage.samples.toLocaleString("en"),
    stage.steps.toLocaleString("en"),
    stage.gmacsPerPair.toPrecision(4),
    short(stage.pairsPerSecondPerDevice),
    gib(stage.memory.total),
    short(gpuHours),
    ...[spent.arithmetic, spent.memory, spent.optimizer, spent.input]
      .map((part) => percent(part / gpuHours)),
  ]);
  const widths = HEADER.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i].length))
  );
  return [HEADER, ...rows].map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
  );
}

function millions(count: number): string {
  return (count / 1e6).toFixed(2);
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(2);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
