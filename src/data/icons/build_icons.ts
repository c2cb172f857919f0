import { createHash } from "node:crypto";
import { join } from "node:path";
import { attributionOf } from "./attribution.ts";
import { bakeIcons } from "./bake_icons.ts";
import type { IconBuildManifest } from "./build_manifest.ts";
import { type BuildProgress, phaseProgress } from "./build_progress.ts";
import { countsOf } from "./counts_of.ts";
import { drawAll } from "./draw_pool.ts";
import { finishBench } from "./finish_bench.ts";
import { HELD_OUT } from "./held_out.ts";
import { findIconPackages, type IconPackages } from "./icon_packages.ts";
import { type IconSet, openIconSet } from "./icon_set.ts";
import { lockFile } from "./lock_file.ts";
import { type IconPlan, planIcons } from "./plan_icons.ts";
import { drawJobs, isDrawn, type ShardPlace, shardPlaces } from "./shard_jobs.ts";
import { withStorageErrors } from "./storage_error.ts";
import { createSvgStore } from "./svg_store.ts";
import { writeWhole } from "./write_whole.ts";

/** Raised whenever the same packages give other files. */
const BUILDER_VERSION = 2;

/** Options of {@link buildIcons}. */
export interface BuildIconsOptions {
  /** Folder that holds data sets, each in a folder of its own. */
  cacheDir: string;
  /** Training pictures to keep, the same ones on every machine; default all. */
  limit?: number;
  /** Workers that draw. Default: the cores, at most 8. */
  workers?: number;
  /** Ends the build early; a second run goes on. */
  signal?: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
  /** Default: the installed ones. */
  packages?: IconPackages;
}

/**
 * Build the icon data set from its pinned packages, or open it when it is there.
 *
 * The folder gets `shards/` (webdataset tars), `baked/` (uint8 records), `bench/`, `ATTRIBUTION.md`
 * and, last of all, `build.json`. The same packages and limit give the same bytes. A build that was
 * ended goes on with the shards that are missing.
 *
 * @throws {Error} when a package is missing or the folder cannot be written
 * @throws {SyntaxError} when a file of a package is damaged
 * @throws {RangeError} when the limit is not a whole number of at least 1
 *
 * @example
 * ```ts ignore
 * const icons = await buildIcons({ cacheDir: "/var/cache/clipa-kit", limit: 20_000 });
 * console.log(icons.build.rows);
 * ```
 */
export async function buildIcons(options: BuildIconsOptions): Promise<IconSet> {
  const { limit, signal } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError(`limit of ${limit} pictures; a whole number of at least 1 allowed`);
  }
  const packages = options.packages ?? findIconPackages();
  const dir = join(options.cacheDir, folderName(packages, limit));
  const built = openFinished(dir);
  if (built) return built;
  signal?.throwIfAborted();
  await withStorageErrors(dir, async () => {
    for (const folder of ["shards", "baked", "bench", "work"]) {
      await Deno.mkdir(join(dir, folder), { recursive: true });
    }
    // A second process that builds the same set waits for the first, then finds it finished.
    using _lock = await lockFile(join(dir, "work/lock"), signal);
    if (!openFinished(dir)) await build(dir, packages, options);
  });
  return openIconSet(dir);
}

/** Name of the folder: another builder, package version or limit is another data set. */
function folderName(packages: IconPackages, limit: number | undefined): string {
  const { versions } = packages;
  const identity = JSON.stringify([BUILDER_VERSION, versions, HELD_OUT, limit ?? null]);
  return `icons-v1-${createHash("sha256").update(identity).digest("hex").slice(0, 10)}`;
}

function openFinished(dir: string): IconSet | undefined {
  try {
    return openIconSet(dir);
  } catch {
    // Not finished or damaged: the build makes good what is missing, and reports what it cannot.
    return undefined;
  }
}

async function build(
  dir: string,
  packages: IconPackages,
  options: BuildIconsOptions,
): Promise<void> {
  const { limit, signal, onProgress, workers } = options;
  const start = performance.now();
  const svgFile = join(dir, "work/icons.svg");
  const plan = await planWithTexts(svgFile, packages, options);
  const places = shardPlaces(plan);
  const missing = places.filter((place) => !isDrawn(dir, place));
  const countRows = (list: readonly ShardPlace[]) => list.reduce((n, p) => n + p.rows.length, 0);
  const total = countRows(places);
  const draw = phaseProgress("draw", "pictures", total, onProgress, total - countRows(missing));
  const { rasteriser } = packages;
  await drawAll(drawJobs(dir, missing, { rasteriser, svgFile }, plan.captionsOf), {
    workers: Math.min(workers ?? Math.min(navigator.hardwareConcurrency, 8), missing.length),
    signal,
    onRows: draw.add,
  });

  const bake = phaseProgress("bake", "pictures", total, onProgress);
  const baked = await bakeIcons(dir, plan, places, plan.skippedIcons, {
    onRows: bake.add,
    signal,
  });
  const benches = plan.benches.map((candidate) =>
    finishBench(candidate, {
      numberOf: (row) => baked.numbers.get(row),
      isNearCopy: (row) => baked.nearCopies.has(row),
      captionsOf: plan.captionsOf,
    })
  );
  for (const bench of benches) {
    writeWhole(join(dir, "bench", `${bench.name}.json`), `${JSON.stringify(bench)}\n`);
  }
  const rows = Object.values(baked.rows).flat();
  writeWhole(join(dir, "ATTRIBUTION.md"), attributionOf(rows, packages.versions));
  const manifest: IconBuildManifest = {
    builder: BUILDER_VERSION,
    versions: packages.versions,
    heldOutVersion: HELD_OUT.version,
    ...countsOf(dir, plan, baked, benches),
    limit: limit ?? null,
    seconds: Math.round((performance.now() - start) / 100) / 10,
  };
  writeWhole(join(dir, "build.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const entry of Deno.readDirSync(join(dir, "work"))) {
    if (entry.name !== "lock") Deno.removeSync(join(dir, "work", entry.name));
  }
}

/** Plan the set, its SVG texts on disk. */
async function planWithTexts(
  svgFile: string,
  packages: IconPackages,
  { limit, signal, onProgress }: BuildIconsOptions,
): Promise<IconPlan> {
  using texts = createSvgStore(svgFile);
  let progress: ReturnType<typeof phaseProgress> | undefined;
  const plan = await planIcons({
    packages,
    limit,
    signal,
    store: texts.store,
    onSet(_done, total) {
      if (progress) progress.add(1);
      else progress = phaseProgress("plan", "sets", total, onProgress);
    },
  });
  texts.flush();
  progress?.add(1);
  return plan;
}
