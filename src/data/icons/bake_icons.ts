import { join } from "node:path";
import { createRecordWriter } from "../records/record_writer.ts";
import { breathe } from "./breathe.ts";
import type { Split } from "./held_out.ts";
import { countSkip, type IconRow, type Skipped } from "./icon_rows.ts";
import { createCopyFinder, NEAR_COPY_COSINE } from "./near_copies.ts";
import { readPart, ROW_STATUS } from "./part_file.ts";
import type { IconPlan } from "./plan_icons.ts";
import type { ShardPlace } from "./shard_jobs.ts";
import { PICTURE_SIDE } from "./svg.ts";
import { THUMBNAIL_SIDE } from "./thumbnail.ts";

/** What baking found out. */
export interface Baked {
  /** Rows drawn, by split. */
  rows: Record<Split, IconRow[]>;
  /** Number of each benchmark row in its record file. */
  numbers: Map<IconRow, number>;
  /** Benchmark rows that look like a training picture of the same phrase. */
  nearCopies: Set<IconRow>;
  failures: { key: string; reason: string }[];
  shardSums: Map<string, { bytes: number; sha256: string }>;
}

/**
 * Turn the parts of all shards into one record file for each split, and look for near-copies of
 * training pictures among the benchmark rows on the way: both need each part once.
 */
export async function bakeIcons(
  dir: string,
  plan: IconPlan,
  places: readonly ShardPlace[],
  skipped: Skipped,
  { onRows, signal }: { onRows: (rows: number) => void; signal?: AbortSignal },
): Promise<Baked> {
  const baked: Baked = {
    rows: { train: [], val: [], test: [] },
    numbers: new Map(),
    nearCopies: new Set(),
    failures: [],
    shardSums: new Map(),
  };
  const shown = new Set(plan.benches.flatMap((bench) => bench.rows));
  const finder = createCopyFinder(new Set([...shown].map((row) => row.phrase)));
  const sets = plan.sets.map((set) => set.id);
  const thumbnailBytes = THUMBNAIL_SIDE * THUMBNAIL_SIDE;

  // Training first: the others are compared with it.
  for (const split of ["train", "val", "test"] as const) {
    const path = join(dir, `baked/${split}-${PICTURE_SIDE}.bin`);
    using writer = createRecordWriter(path, {
      side: PICTURE_SIDE,
      families: plan.families,
      sets,
    });
    for (const place of places.filter((place) => place.split === split)) {
      await breathe(signal);
      const part = readPart(join(dir, place.part));
      if (!part) throw new Error(`${join(dir, place.part)} is gone; run again to draw it again`);
      const { shardBytes: bytes, shardSha256: sha256, failures } = part.head;
      baked.shardSums.set(place.shard, { bytes, sha256 });
      baked.failures.push(...failures);
      countSkip(skipped, "could not be drawn", failures.length);
      let pixelsAt = 0;
      place.rows.forEach((row, i) => {
        const status = part.status[i];
        if (status === ROW_STATUS.blank) countSkip(skipped, "blank picture");
        if (status !== ROW_STATUS.grey && status !== ROW_STATUS.colour) return;
        const pixels = PICTURE_SIDE * PICTURE_SIDE * status;
        const thumbnail = part.thumbnails.subarray(i * thumbnailBytes, (i + 1) * thumbnailBytes);
        if (split === "train") finder.addTraining(row, thumbnail);
        else if (shown.has(row)) {
          baked.numbers.set(row, writer.count);
          if (finder.closest(row, thumbnail) > NEAR_COPY_COSINE) baked.nearCopies.add(row);
        }
        writer.add({
          key: row.key,
          set: row.set.id,
          family: row.family,
          phrase: row.phrase,
          pixels: part.pixels.subarray(pixelsAt, pixelsAt + pixels),
          captions: plan.captionsOf(row),
        });
        baked.rows[split].push(row);
        pixelsAt += pixels;
      });
      onRows(place.rows.length);
    }
    writer.close();
  }
  return baked;
}
