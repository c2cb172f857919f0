import { mpirunArguments } from "../../src/cli/commands/launch_ranks.ts";

const PROGRAM = decodeURIComponent(new URL("./rank_program.ts", import.meta.url).pathname);
const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);

/** What the ranks left behind. */
export interface RanksOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** The configuration with which this test itself was started. */
export function testConfig(): string {
  const given = Deno.env.get("CLIPA_DENO_CONFIG");
  if (given) return given;
  try {
    Deno.statSync(`${ROOT}deno.offline.json`);
    return `${ROOT}deno.offline.json`;
  } catch {
    return `${ROOT}deno.json`;
  }
}

/** The command line of the rank program. */
export function rankProgram(...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", "--no-check", "--config", testConfig(), PROGRAM, ...args];
}

/** The command line of a task, as a launcher starts it. */
export function rankTask(...args: string[]): string[] {
  const main = `${ROOT}src/cli/main.ts`;
  return [Deno.execPath(), "run", "-A", "--no-check", "--config", testConfig(), main, ...args];
}

/** Starts real ranks of the rank program under mpirun. */
export function startRanks(
  ranks: number,
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return startCommands(Array.from({ length: ranks }, () => rankProgram(...args)), env);
}

/** Starts real ranks under mpirun, each with a command line of its own. */
export function startCommands(
  commands: readonly (readonly string[])[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const own = commands.flatMap((command, i) => [...(i > 0 ? [":", "-n", "1"] : []), ...command]);
  return new Deno.Command("mpirun", {
    args: [...mpirunArguments(1, Deno.uid() === 0), ...own],
    env: {
      CLIPA_THREADS: "1",
      OMPI_MCA_btl_vader_single_copy_mechanism: "none",
      NO_COLOR: "1",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs real ranks and waits for them. */
export async function runRanks(
  ranks: number,
  args: string[],
  env: Record<string, string> = {},
): Promise<RanksOutcome> {
  return await outcomeOf(startRanks(ranks, args, env));
}

/** Waits for ranks that were started. */
export async function outcomeOf(child: Deno.ChildProcess): Promise<RanksOutcome> {
  const started = performance.now();
  const { code, stdout, stderr } = await child.output();
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
    seconds: (performance.now() - started) / 1000,
  };
}
