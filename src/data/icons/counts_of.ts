import { join } from "node:path";
import { openRecords } from "../records/records.ts";
import type { Baked } from "./bake_icons.ts";
import type { IconBenchmark } from "./benchmark.ts";
import type { IconBuildManifest } from "./build_manifest.ts";
import type { IconPlan } from "./plan_icons.ts";
import { fileSha256 } from "./write_whole.ts";

/** What `build.json` says beside versions: counts, and the files with their checksums. */
export function countsOf(
  dir: string,
  plan: IconPlan,
  baked: Baked,
  benches: readonly IconBenchmark[],
): Omit<IconBuildManifest, "builder" | "versions" | "heldOutVersion" | "limit" | "seconds"> {
  const train = openRecords(join(dir, "baked/train-64.bin"));
  const levels: Record<string, number> = {};
  for (const level of train.captionLevel) levels[`L${level}`] = (levels[`L${level}`] ?? 0) + 1;
  const others = ["train", "val", "test"].map((split) => `baked/${split}-64.bin`)
    .concat(benches.map((bench) => `bench/${bench.name}.json`), "ATTRIBUTION.md");
  const { train: t, val, test } = baked.rows;
  return {
    rows: { train: t.length, val: val.length, test: test.length },
    sets: new Set([...t, ...val, ...test].map((row) => row.set.id)).size,
    families: new Set([...t, ...val, ...test].map((row) => row.family)).size,
    trainPhrases: train.phraseText.length,
    trainTexts: train.textCount,
    trainLevels: levels,
    skippedSets: plan.skippedSets,
    skippedIcons: plan.skippedIcons,
    failures: baked.failures.slice(0, 100),
    benches: Object.fromEntries(benches.map((bench) => [bench.name, {
      n: bench.rows.length,
      classes: bench.kind === "classification" ? bench.classes.length : 0,
      nearCopiesDropped: bench.nearCopiesDropped,
    }])),
    files: [
      ...[...baked.shardSums].map(([path, sum]) => ({ path, ...sum })),
      ...others.map((path) => ({ path, ...fileSha256(join(dir, path)) })),
    ],
  };
}
