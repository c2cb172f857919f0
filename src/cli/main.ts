/**
 * Runs one task: `main.ts <task> [arguments]`. The launcher starts it after the set-up.
 *
 * @module
 */
import { COMMANDS } from "./commands.ts";
import { runCli } from "./run_cli.ts";
import { stopSignal } from "./stop_signal.ts";

if (import.meta.main) {
  const code = await runCli(COMMANDS, Deno.args, {
    signal: stopSignal(),
    env: (name) => Deno.env.get(name),
    root: decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, ""),
    print: (line) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`)),
    warn: (line) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`)),
  });
  Deno.exit(code);
}
