import { cacheDir } from "../../config/cache_dir.ts";
import { buildIcons } from "../../data/icons/build_icons.ts";
import type { IconSet } from "../../data/icons/icon_set.ts";
import { interruptible } from "./interrupt.ts";
import { progress } from "./progress.ts";

/**
 * The icon data set in a notebook: built at the first use, with progress, then found in the cache.
 *
 * @param limit Training pictures to keep; default all of them.
 */
export async function openIcons(options: { readonly limit?: number } = {}): Promise<IconSet> {
  const bar = progress();
  const icons = await interruptible((signal) =>
    buildIcons({
      cacheDir: cacheDir((name) => Deno.env.get(name)),
      ...options,
      signal,
      onProgress: ({ phase, done, total, unit }) =>
        bar.show({ label: phase, done, total, note: unit }),
    })
  );
  await bar.finish();
  return icons;
}
