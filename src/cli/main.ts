/**
 * Runs one task: `main.ts <task> [arguments]`. The launcher starts it after the set-up.
 *
 * @module
 */
import { isAlone, isFollower } from "../dist/ranks.ts";
import { COMMANDS } from "./commands.ts";
import { runCli } from "./run_cli.ts";
import { stopSignal } from "./stop_signal.ts";

if (import.meta.main) {
  // Of several ranks only the first prints results.
  const env = (name: string) => Deno.env.get(name);
  const silent = isFollower(env);
  const ranked = !isAlone(env);
  const code = await runCli(COMMANDS, Deno.args, {
    signal: stopSignal(),
    env,
    root: decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, ""),
    print: (line) => silent || Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`)),
    warn: (line) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`)),
  });
  // A launcher ends the other ranks when the first fails; each shall first say what it saw.
  if (code !== 0 && ranked) {
    const { partFromRanks } = await import("../dist/part_from_ranks.ts");
    await partFromRanks();
  }
  Deno.exit(code);
}
