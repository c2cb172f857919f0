import { trainingFlags } from "../../config/permissions.ts";
import { shardHosts } from "../../config/shard_hosts.ts";
import type { CommandContext } from "../command.ts";
import { STOP_SIGNAL } from "../stop_signal.ts";
import { endingWithUs, LOST_RANK, OWN_ERROR, relay, SAVE_MS } from "./rank_process.ts";

/** Where the ranks of one machine meet. */
const HOST = "127.0.0.1";
/** Milliseconds that ranks have to end by themselves when one has failed. */
const GRACE_MS = 5000;
/** Milliseconds between SIGTERM and SIGKILL. */
const KILL_MS = 2000;

/** How a rank ended, and the end of what it said. */
export interface RankEnd {
  readonly rank: number;
  readonly code: number;
  readonly signal: string | null;
  readonly said: string;
}

/**
 * Runs ranks on the GPUs of this machine, one process for each, without MPI. When one fails or is lost
 * the others hear of it by themselves and end; those that do not are ended. Ranks end with this process.
 *
 * @param args Task and arguments of every rank.
 * @param capture Returns the lines that rank 0 printed.
 * @throws {Error} naming the rank that failed or was lost.
 */
export async function runGpuRanks(
  { env, root, signal }: CommandContext,
  ranks: number,
  args: readonly string[],
  capture: boolean,
): Promise<string[]> {
  signal.throwIfAborted();
  const port = env("CLIPA_MASTER_PORT") ?? String(freePort());
  const deno = Deno.execPath();
  const hosts = [...shardHosts(args), `${HOST}:${port}`];
  const config = env("CLIPA_DENO_CONFIG") ?? `${root}/deno.json`;
  const [program, ...rest] = endingWithUs(env("PATH") ?? "", [
    ...[deno, "run", "--config", config, ...trainingFlags(deno, hosts)],
    ...[`${root}/src/cli/main.ts`, ...args],
  ]);
  const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / ranks));
  const shared = {
    CLIPA_RANKS: String(ranks),
    CLIPA_MASTER_ADDR: HOST,
    CLIPA_MASTER_PORT: port,
    CLIPA_JOB_TOKEN: crypto.randomUUID(),
    CLIPA_THREADS: env("CLIPA_THREADS") ?? String(threads),
  };
  const children = Array.from({ length: ranks }, (_, rank) =>
    new Deno.Command(program, {
      args: rest,
      env: { ...shared, CLIPA_RANK: String(rank), CLIPA_LOCAL_RANK: String(rank) },
      stdin: "null",
      stdout: rank > 0 ? "null" : capture ? "piped" : "inherit",
      stderr: "piped",
    }).spawn());
  const printed = capture ? new Response(children[0].stdout).text() : Promise.resolve("");
  const ends: RankEnd[] = [];
  const all = Promise.all(children.map(async (child, rank) => {
    const said = await relay(child.stderr);
    const { code, signal } = await child.status;
    ends.push({ rank, code, signal, said });
    if (code !== 0) end(children, GRACE_MS);
  }));
  const stop = () => {
    // A terminal has sent Ctrl-C to the ranks already; a second SIGINT might end them at once.
    kill(children, STOP_SIGNAL);
    end(children, SAVE_MS);
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    await all;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
  if (ends.some(({ code }) => code !== 0)) throw new Error(describeRankEnds(ends));
  return (await printed).trimEnd().split("\n");
}

/** A port that is free; rank 0 listens there a moment later, and says so if another was quicker. */
function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: HOST });
  return (listener.addr as Deno.NetAddr).port;
}

function kill(children: readonly Deno.ChildProcess[], signal: Deno.Signal): void {
  for (const child of children) {
    try {
      child.kill(signal);
    } catch { /* it has ended already */ }
  }
}

/** Ends what is still there after a time. */
function end(children: readonly Deno.ChildProcess[], afterMs: number): void {
  const term = setTimeout(() => {
    kill(children, "SIGTERM");
    Deno.unrefTimer(setTimeout(() => kill(children, "SIGKILL"), KILL_MS));
  }, afterMs);
  Deno.unrefTimer(term);
}

/**
 * One sentence on why the ranks ended.
 *
 * @param ends In the order in which they ended.
 */
export function describeRankEnds(ends: readonly RankEnd[]): string {
  const again = "run the same command again to go on from the newest checkpoint";
  // What the others saw comes first: a rank that hung was killed by this launcher alone.
  for (const { said } of ends) {
    const lost = LOST_RANK.exec(said);
    if (lost) return `${lost[1]}; the other ranks ended with it; ${again}`;
  }
  const [first] = ends.filter(({ code }) => code !== 0);
  if (first.signal !== null) {
    return `rank ${first.rank} was ended by signal ${first.signal}, and the other ranks with it; ${again}`;
  }
  const own = ends.flatMap(({ rank, said }) => {
    const error = OWN_ERROR.exec(said);
    return error ? [`rank ${rank} failed: ${error[1]}`] : [];
  });
  return own[0] ?? `rank ${first.rank} ended with exit status ${first.code}; see above`;
}
