import { cacheDir } from "./cache_dir.ts";
import type { Command } from "./command.ts";
import { benchCommand } from "./commands/bench.ts";
import { build } from "./commands/build.ts";
import { dataCommand } from "./commands/data.ts";
import { ok } from "./commands/ok.ts";
import { test } from "./commands/test_command.ts";
import { iconData } from "./icon_data.ts";

// The rooms are imported when a command runs, not here: --help must work before any set-up.

const data = dataCommand({
  async buildIcons(options) {
    const cache = cacheDir((name) => Deno.env.get(name));
    const { dir, build } = await iconData({ cacheDir: cache, ...options });
    const { rows, trainPhrases, families, seconds } = build;
    return { dir, rows, trainPhrases, families, seconds };
  },
});

const bench = benchCommand(async () => (await import("./benches.ts")).BENCHES);

/** Every task, in the order of the README. */
export const COMMANDS: readonly Command[] = [data, build, bench, test, ok];
