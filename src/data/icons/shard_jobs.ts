import { join } from "node:path";
import type { DrawJob, DrawRow } from "./draw_job.ts";
import type { Split } from "./held_out.ts";
import type { IconCaption } from "./icon_captions.ts";
import type { IconRow } from "./icon_rows.ts";
import { readPart } from "./part_file.ts";
import type { IconPlan } from "./plan_icons.ts";

/** Samples of a shard. */
export const SHARD_ROWS = 10_000;

/** One shard of the data set and the part that is kept beside it until all is baked. */
export interface ShardPlace {
  split: Split;
  /** Relative to the folder of the data set. */
  shard: string;
  part: string;
  firstRow: number;
  rows: IconRow[];
}

/** All shards, training first. */
export function shardPlaces(plan: IconPlan): ShardPlace[] {
  return (["train", "val", "test"] as const).flatMap((split) => {
    const places: ShardPlace[] = [];
    for (let firstRow = 0; firstRow < plan.rows[split].length; firstRow += SHARD_ROWS) {
      const name = `${split}-${String(places.length).padStart(5, "0")}`;
      places.push({
        split,
        shard: `shards/${name}.tar`,
        part: `work/${name}.part`,
        firstRow,
        rows: plan.rows[split].slice(firstRow, firstRow + SHARD_ROWS),
      });
    }
    return places;
  });
}

/** Whether a shard and its part are there and whole. */
export function isDrawn(dir: string, place: ShardPlace): boolean {
  const part = readPart(join(dir, place.part));
  if (!part || part.head.rows !== place.rows.length) return false;
  try {
    return Deno.statSync(join(dir, place.shard)).size === part.head.shardBytes;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The jobs of shards, made one by one when a worker is free. */
export function* drawJobs(
  dir: string,
  places: readonly ShardPlace[],
  files: { rasteriser: string; svgFile: string },
  captionsOf: IconPlan["captionsOf"],
): Generator<DrawJob, void, void> {
  for (const place of places) {
    yield {
      ...files,
      shard: join(dir, place.shard),
      part: join(dir, place.part),
      firstRow: place.firstRow,
      rows: place.rows.map((row) => drawRow(row, captionsOf(row))),
    };
  }
}

function drawRow(row: IconRow, captions: readonly IconCaption[]): DrawRow {
  const byLevel = (pick: (caption: IconCaption) => string) =>
    Object.fromEntries(captions.map((caption) => [`L${caption.level}`, pick(caption)]));
  const { key, svgAt, svgBytes, colour } = row;
  const json = JSON.stringify({
    key,
    set: row.set.id,
    family: row.family,
    phrase: row.phrase,
    levels: byLevel((caption) => caption.text),
    provenance: byLevel((caption) => caption.provenance),
    license: row.set.license,
    author: row.set.author,
    palette: colour ? "colour" : "monochrome",
  });
  return { key, svgAt, svgBytes, colour, text: row.phrase, json };
}
