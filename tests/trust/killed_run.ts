import { dirname, resolve } from "node:path";
import { grayPng, writeShard } from "../data/shard_fixture.ts";
import { weightsHash } from "./small_experiment.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}deno.json`;

const RECIPE = `name: killed
data: {shards: SHARDS}
model: {preset: laptop-w48, image: {layers: 1, patch: 4}, text: {layers: 1, vocabulary: 300}}
stages:
  - {name: short, samples: 480, batch: 24, image: {size: 8}, text: {tokens: 4}, lr: 2.0e-3, warmup: {share: 0.1}}
  - {name: full, samples: 192, batch: 24, accumulate: 2, image: {size: 16}, text: {tokens: 6}, lr: 1.0e-3, warmup: {share: 0.1}}
eval: {benches: []}
checkpoint: {everySteps: 1, keep: 2}
`;

/** The real `train` task over small shards of its own, as a process. */
export class TrainProcess {
  readonly dir: string;

  /** @param dir Folder for shards, cache and runs. */
  constructor(dir: string) {
    this.dir = dir;
    Deno.mkdirSync(`${dir}/shards`);
    for (let shard = 0; shard < 2; shard++) {
      const samples = Object.fromEntries(
        Array.from({ length: 48 }, (_, i) => {
          const pixels = new Uint8Array(256).map((_, at) => (at * (i + 3) + 80 * shard) % 251);
          return [`s${shard}-${i}`, {
            png: grayPng(16, 16, pixels),
            txt: `sign ${shard} number ${i}`,
          }];
        }),
      );
      writeShard(`${dir}/shards/${shard}.tar`, samples);
    }
    Deno.writeTextFileSync(
      `${dir}/recipe.yaml`,
      RECIPE.replace("SHARDS", `${dir}/shards/*.tar`),
    );
  }

  /** Starts it; `shell` goes before it in a shell, such as a limit. */
  start(out: string, shell?: string): Deno.ChildProcess {
    const args = ["run", "-A", "--no-check", "--config", CONFIG, `${ROOT}src/cli/main.ts`];
    args.push("train", `${this.dir}/recipe.yaml`, "--out", resolve(this.dir, out), "--json");
    const limited = ["-c", `${shell}; exec "$0" "$@"`, Deno.execPath(), ...args];
    return new Deno.Command(shell === undefined ? Deno.execPath() : "bash", {
      args: shell === undefined ? args : limited,
      env: {
        CLIPA_CACHE: `${this.dir}/cache`,
        CLIPA_THREADS: "1",
        NO_COLOR: "1",
        DENO_NO_UPDATE_CHECK: "1",
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  }
}

/** What {@linkcode killRuns} saw. */
export interface KillReport {
  readonly kills: number;
  /** Kills that left a half-written checkpoint or pointer behind. */
  readonly insideSave: number;
  /** Runs that were carried to their end. */
  readonly finished: number;
  /** What went wrong: a start that failed, or weights that differ. */
  readonly problems: readonly string[];
}

/** Options of {@linkcode killRuns}. */
export interface KillOptions {
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** A file that a stopped count goes on from; removed at the end. */
  readonly statePath?: string;
  /** What the code is; the count of another code is not gone on from. */
  readonly code?: string;
  readonly onProgress?: (kills: number, total: number, problems: number) => void;
}

/**
 * Kills training processes at random instants, every other one as soon as a save is seen, and starts them
 * again until they end; then compares their weights with those of an uninterrupted run.
 *
 * @param kills How many processes to kill.
 */
export async function killRuns(
  dir: string,
  kills: number,
  { seed = 1, signal, statePath, code: source = "", onProgress }: KillOptions = {},
): Promise<KillReport> {
  const train = new TrainProcess(dir);
  const startedMs = performance.now();
  const first = await ended(train.start("whole"));
  let wholeMs = performance.now() - startedMs;
  if (first.code !== 0) throw new Error(`the uninterrupted run failed: ${first.stderr}`);
  const wanted = weightsHash(`${dir}/whole`);
  const head = { source, kills, wanted };
  const kept = readCount(statePath, head);
  let state = kept?.random ?? seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

  let killed = kept?.killed ?? 0,
    insideSave = kept?.insideSave ?? 0,
    finished = kept?.finished ?? 0;
  const problems: string[] = [...kept?.problems ?? []];
  while (killed < kills || finished === 0) {
    const out = `lap-${finished}`;
    for (let done = false; !done;) {
      signal?.throwIfAborted();
      const child = train.start(out);
      const bornMs = performance.now();
      const end = ended(child);
      let alive = true;
      end.then(() => alive = false);
      const wanting = () => alive && !signal?.aborted;
      if (killed < kills) {
        const saving = killed % 2 === 1;
        const waitMs = random() * wholeMs * (saving ? 0.6 : 1);
        const untilMs = performance.now() + waitMs;
        while (wanting() && performance.now() < untilMs) await sleep(Math.min(20, waitMs));
        while (wanting() && saving && leftovers(`${dir}/${out}/checkpoints`) === 0) await sleep(1);
        if (alive) child.kill("SIGKILL");
      }
      const { code, signal: by, stderr } = await end;
      if (by === "SIGKILL") {
        killed++;
        if (leftovers(`${dir}/${out}/checkpoints`) > 0) insideSave++;
        onProgress?.(killed, kills, problems.length);
        continue;
      }
      // It was too quick for the kill: the next ones come sooner.
      if (killed < kills) wholeMs = Math.min(wholeMs, performance.now() - bornMs);
      done = true;
      if (code !== 0) problems.push(`exit ${code}: ${stderr.trim().split("\n").at(-1)}`);
      else if (weightsHash(`${dir}/${out}`) !== wanted) problems.push(`${out}: other weights`);
    }
    Deno.removeSync(`${dir}/${out}`, { recursive: true });
    finished++;
    writeCount(statePath, { ...head, random: state, killed, insideSave, finished, problems });
  }
  if (statePath !== undefined) Deno.removeSync(statePath);
  return { kills: killed, insideSave, finished, problems };
}

/** The count at the end of a run that was carried to its end. */
interface Count {
  readonly source: string;
  readonly kills: number;
  readonly wanted: string;
  readonly random: number;
  readonly killed: number;
  readonly insideSave: number;
  readonly finished: number;
  readonly problems: readonly string[];
}

function readCount(
  path: string | undefined,
  { source, kills, wanted }: Pick<Count, "source" | "kills" | "wanted">,
): Count | null {
  if (path === undefined) return null;
  try {
    const count: Count = JSON.parse(Deno.readTextFileSync(path));
    const same = count.source === source && count.kills === kills && count.wanted === wanted;
    return same ? count : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

function writeCount(path: string | undefined, count: Count): void {
  if (path === undefined) return;
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(`${path}.part`, JSON.stringify(count));
  Deno.renameSync(`${path}.part`, path);
}

/** Waits for a process and what it said. */
export async function ended(child: Deno.ChildProcess) {
  const stderr = await new Response(child.stderr).text();
  const { code, signal } = await child.status;
  return { code, signal, stderr };
}

function leftovers(folder: string): number {
  try {
    return [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".part")).length;
  } catch {
    return 0;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
