import type { Skipped } from "./icon_rows.ts";

/** `build.json`: what was built, from what; written last, so that it says the set is whole. */
export interface IconBuildManifest {
  /** Version of the builder; a change of what it writes raises it. */
  builder: number;
  versions: Record<string, string>;
  heldOutVersion: number;
  /** Training rows asked for, or null for all. */
  limit: number | null;
  rows: Record<"train" | "val" | "test", number>;
  sets: number;
  families: number;
  /** Distinct phrases and captions of the training split. */
  trainPhrases: number;
  trainTexts: number;
  /** Training rows that have a caption of each level. */
  trainLevels: Record<string, number>;
  skippedSets: Skipped;
  skippedIcons: Skipped;
  /** Pictures that could not be drawn; at most 100 are named. */
  failures: { key: string; reason: string }[];
  benches: Record<string, { n: number; classes: number; nearCopiesDropped: number }>;
  /** Files of the set, paths relative to its folder. */
  files: { path: string; bytes: number; sha256: string }[];
  seconds: number;
}
