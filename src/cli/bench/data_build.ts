import { iconData } from "../icon_data.ts";
import { createProgressBar } from "../progress_bar.ts";
import type { Bench } from "./bench.ts";

/** `data.build.seconds`: one build of the whole icon data set into an empty folder. */
export const dataBuild: Bench = {
  names: ["data.build.seconds"],
  async run({ signal }) {
    const cacheDir = await Deno.makeTempDir({ prefix: "clipa-bench-" });
    try {
      const startedMs = performance.now();
      const { build } = await iconData({ cacheDir, signal, onProgress: createProgressBar() });
      const value = (performance.now() - startedMs) / 1000;
      const pictures = Object.values(build.rows).reduce((sum, rows) => sum + rows, 0);
      const note = `one build of ${pictures} pictures, nothing there before`;
      return [{ name: "data.build.seconds", value, unit: "s", low: value, high: value, note }];
    } finally {
      await Deno.remove(cacheDir, { recursive: true });
    }
  },
};
