import { dirname } from "node:path";
import { Fuzzer, type FuzzerState, type FuzzReport } from "./fuzz_target.ts";
import { Dice } from "./mutate.ts";
import { StuckWatch } from "./stuck_watch.ts";
import { fuzzTargets } from "./targets.ts";

/** How all readers together are fuzzed. */
export interface FuzzAllOptions {
  /** One target alone. */
  readonly only?: string;
  readonly signal?: AbortSignal;
  /** Cases of a round, of which each target has its share: a stopped run has seen all. */
  readonly round?: number;
  /** A file that a stopped run goes on from; removed after the last case. */
  readonly statePath?: string;
  /** What the code is; a state of another code is not gone on from. Default empty. */
  readonly code?: string;
  /** Called after every round of all targets, at most every few seconds. */
  readonly onProgress?: (done: number, total: number, failures: number) => void;
}

/** What {@linkcode fuzzAll} did until its end, or until it was stopped. */
export interface FuzzAllReport {
  readonly reports: readonly FuzzReport[];
  readonly stopped: boolean;
}

interface RunState {
  readonly cases: number;
  readonly seed: number;
  readonly code: string;
  readonly fuzzers: Readonly<Record<string, FuzzerState>>;
}

/** Fuzzes all targets, `cases` inputs in total; slow targets get their share of time, not of inputs. */
export async function fuzzAll(
  cases: number,
  seed: number,
  options: FuzzAllOptions = {},
): Promise<FuzzAllReport> {
  const {
    only,
    signal,
    round = Math.max(10_000, cases / 100),
    statePath,
    code = "",
    onProgress = () => {},
  } = options;
  const targets = (await fuzzTargets()).filter(({ name }) => name === (only ?? name));
  if (targets.length === 0) throw new RangeError(`no target is called ${only}`);
  const shares = targets.map(({ slowness = 1 }) => 1 / slowness);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const run = { cases, seed, code };
  const before = readState(statePath, run);
  const fuzzers = targets.map((target, i) =>
    new Fuzzer(target, before?.fuzzers[target.name] ?? new Dice(seed + i))
  );
  const done = () => fuzzers.reduce((sum, fuzzer) => sum + fuzzer.cases, 0);
  const rounds = Math.max(1, Math.round(cases / round));
  using watch = new StuckWatch();
  let stopped = false;
  try {
    for (let turn = 1; turn <= rounds; turn++) {
      for (const [i, fuzzer] of fuzzers.entries()) {
        const own = Math.ceil(cases * shares[i] / total * turn / rounds);
        await fuzzer.until(own, signal, (name, input) => watch.saw(name, input));
        onProgress(done(), cases, failuresOf(fuzzers));
      }
      writeState(statePath, { ...run, fuzzers: statesOf(fuzzers) });
    }
    if (statePath !== undefined) Deno.removeSync(statePath);
  } catch (error) {
    if (!signal?.aborted) throw error;
    stopped = true;
    writeState(statePath, { ...run, fuzzers: statesOf(fuzzers) });
  } finally {
    for (const target of targets) target.close?.();
  }
  return { reports: fuzzers.map((fuzzer) => fuzzer.report()), stopped };
}

const statesOf = (fuzzers: readonly Fuzzer[]) =>
  Object.fromEntries(fuzzers.map((fuzzer) => [fuzzer.target.name, fuzzer.state()]));

const failuresOf = (fuzzers: readonly Fuzzer[]) =>
  fuzzers.reduce((sum, fuzzer) => sum + fuzzer.report().failures.length, 0);

/** The state of the same run of the same code; others start anew. */
function readState(path: string | undefined, run: Omit<RunState, "fuzzers">): RunState | null {
  if (path === undefined) return null;
  try {
    const state: RunState = JSON.parse(Deno.readTextFileSync(path));
    const same = state.cases === run.cases && state.seed === run.seed && state.code === run.code;
    return same ? state : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

function writeState(path: string | undefined, state: RunState): void {
  if (path === undefined) return;
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(`${path}.part`, JSON.stringify(state));
  Deno.renameSync(`${path}.part`, path);
}
