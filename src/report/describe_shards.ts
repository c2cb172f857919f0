import { writeWhole } from "../checkpoint/safetensors.ts";
import { listShards } from "../data/shards/list_shards.ts";
import { type ShardStats, shardStats } from "../data/stats/shard_stats.ts";
import type { Spread } from "../data/stats/tally.ts";
import { contactSheet } from "./contact_sheet.ts";
import { shardPage } from "./shard_page.ts";

/** What {@linkcode describeShards} is asked for. */
export interface ShardsQuestion {
  /** A path, a glob, or an address, with ranges in braces. */
  readonly pattern: string;
  /** Fields that hold captions. */
  readonly captions: readonly string[];
  /** HTML page to write. */
  readonly page?: string;
  /** Contact sheet to write, SVG or PNG by its name. */
  readonly sheet?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (samples: number, shard: number, shards: number) => void;
}

/**
 * Statistics of shards as JSON and as lines for people; a page and a contact sheet, where asked for.
 *
 * @throws {RangeError} when no file fits the pattern.
 */
export async function describeShards(
  { pattern, page, sheet, ...options }: ShardsQuestion,
): Promise<{ json: Record<string, unknown>; text: string }> {
  const shards = listShards(pattern, "path");
  const stats = await shardStats(shards, options);
  if (page !== undefined) writeText(page, shardPage(stats, pattern));
  if (sheet !== undefined) {
    const title = `${stats.samples} samples in ${stats.shards} shards: ${pattern}`;
    const svg = contactSheet(stats.examples, title, 8);
    if (sheet.endsWith(".svg")) writeText(sheet, svg);
    else {
      const { rasteriseSvg } = await import("./static/rasterise_svg.ts");
      writeWhole(sheet, [await rasteriseSvg(svg, 1)]);
    }
  }
  const { examples: _examples, ...json } = stats;
  return { json: { ...json, page, sheet }, text: statsText(stats, [page, sheet]) };
}

function writeText(path: string, text: string): void {
  writeWhole(path, [new TextEncoder().encode(text)]);
}

/** The numbers of shards, a line each. */
export function statsText(
  stats: ShardStats,
  written: readonly (string | undefined)[] = [],
): string {
  const { shards, samples, bytes, duplicates, broken } = stats;
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
  const range = ({ min, median, max }: Spread) => `${min} to ${max}, median ${median}`;
  return [
    `shards      ${shards}, ${(bytes / 1e6).toFixed(1)} MB`,
    `samples     ${samples}; files: ${list(stats.files)}`,
    `pictures    ${list(stats.formats)}; ${Math.round(stats.pictureBytes.mean / 100) / 10} kB each`,
    `sides       shorter ${range(stats.shortSide)} px; longer ${range(stats.longSide)} px`,
    `captions    ${range(stats.captions)} a sample; words ${range(stats.words)}`,
    `languages   ${list(stats.languages)} (roughly)`,
    `duplicates  ${duplicates.pictures} picture files, ${duplicates.captions} captions`,
    ...broken.map(({ reason, count, examples }) =>
      `left out    ${count}: ${reason}; first: ${examples[0]}`
    ),
    ...written.filter((path) => path !== undefined).map((path) => `written     ${path}`),
  ].join("\n");
}
