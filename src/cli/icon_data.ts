import type { IconSet } from "../data/icons/icon_set.ts";
import type { Progress } from "./progress_bar.ts";

/** How the command line asks for the icon data set. */
export interface IconDataOptions {
  /** Folder of all data sets; see `cacheDir`. */
  cacheDir: string;
  /** Training pictures to keep; all when absent. */
  limit?: number;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** Builds or opens the icon data set, with its phases shown as progress of the command line. */
export async function iconData(options: IconDataOptions): Promise<IconSet> {
  // Loaded here and not at the top: the help must work before the packages are installed.
  const { buildIcons } = await import("../data/icons/build_icons.ts");
  const { onProgress, ...rest } = options;
  return await buildIcons({
    ...rest,
    onProgress: ({ phase, done, total, unit }) =>
      onProgress({ label: phase, done, total, note: unit }),
  });
}
