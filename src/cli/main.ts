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
  const silent = isFollower((name) => Deno.env.get(name));
  const code = await runCli(COMMANDS, Deno.args, {
    signal: stopSignal(),
    env: (name) => Deno.env.get(name),
    root: decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, ""),
    print: (line) => silent || Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`)),
    warn: (line) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`)),
  });
  // mpirun ends the other ranks when the first fails; each shall first say what it saw.
  if (code !== 0 && !isAlone((name) => Deno.env.get(name))) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  Deno.exit(code);
}
