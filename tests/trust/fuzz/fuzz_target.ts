import process from "node:process";
import { type Dice, mutate } from "./mutate.ts";

/** A reader of files that strangers may have made. */
export interface FuzzTarget {
  readonly name: string;
  /** Whole files that the reader accepts. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Reads one input; throws what the reader throws.
   *
   * @param folder Scratch folder of this target alone.
   */
  read(input: Uint8Array, folder: string): unknown;
  /** Makes the checksums of a changed input right again, so that what they guard is reached too. */
  reseal?(input: Uint8Array): Uint8Array;
  /** How many times slower than the others this one is. Default 1. */
  readonly slowness?: number;
}

/** What a target did with its inputs. */
export interface FuzzReport {
  readonly name: string;
  readonly cases: number;
  /** Inputs that were accepted, changed or not. */
  readonly accepted: number;
  /** Distinct error messages, with their numbers and names left out: a measure of depth. */
  readonly messages: number;
  readonly failures: readonly FuzzFailure[];
  /** Longest processor time of one input, all threads together, in seconds. */
  readonly slowest: number;
  /** Growth of the process's memory, bytes. */
  readonly memoryBytes: number;
}

/** An input that a reader did not handle. */
export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly problem: string;
}

/** Longest processor time of one input; far above what the largest one needs. */
const MOST_SECONDS = 5;

/** Errors that say nothing to a user: something inside was not what the code believed. */
const INTERNAL = new RegExp(
  [
    "cannot read propert",
    "is not a function",
    "is not iterable",
    "is undefined",
    "undefined is not",
    "cannot convert undefined",
    "cannot destructure",
    "maximum call stack",
    "invalid array length",
    "array buffer allocation failed",
    "invalid typed array length",
    "offset is out of bounds",
    "invalid string length",
    "should be a multiple of",
    "cannot mix bigint",
    "not a safe integer",
  ].join("|"),
  "i",
);

/** Gives a reader changed inputs, and checks that it accepts them or says clearly why not. */
export async function fuzz(
  target: FuzzTarget,
  cases: number,
  dice: Dice,
  signal?: AbortSignal,
): Promise<FuzzReport> {
  const folder = await Deno.makeTempDir({ dir: memoryFolder() });
  const messages = new Set<string>();
  const failures: FuzzFailure[] = [];
  const before = residentBytes();
  let accepted = 0, slowest = 0, most = before;
  try {
    for (const seed of target.seeds) await target.read(seed, folder);
    for (let i = 0; i < cases && failures.length < 10; i++) {
      if (i % 1000 === 0) {
        signal?.throwIfAborted();
        most = Math.max(most, residentBytes());
      }
      let input: Uint8Array = mutate(dice, target.seeds);
      if (target.reseal && dice.below(2) === 0) input = target.reseal(input);
      // Not by the clock: other programs may have the processor.
      const start = process.cpuUsage();
      try {
        await target.read(input, folder);
        accepted++;
      } catch (error) {
        const problem = problemOf(error);
        if (problem !== null) failures.push({ input, problem });
        else messages.add(shapeOf(String((error as Error).message)));
      }
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      slowest = Math.max(slowest, seconds);
      if (seconds > MOST_SECONDS) failures.push({ input, problem: `computed for ${seconds} s` });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return {
    name: target.name,
    cases,
    accepted,
    messages: messages.size,
    failures,
    slowest,
    memoryBytes: Math.max(0, most - before),
  };
}

/** Without garbage that waits for its collection, where the process may collect it. */
function residentBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().rss;
}

/** A folder in memory, where the system has one: files on a disk cost ten times what reading them does. */
function memoryFolder(): string | undefined {
  try {
    return Deno.statSync("/dev/shm").isDirectory ? "/dev/shm" : undefined;
  } catch {
    return undefined;
  }
}

/** Null for an error that a user can understand. */
function problemOf(error: unknown): string | null {
  if (!(error instanceof Error)) return `threw ${typeof error}: ${error}`;
  const said = `${error.name}: ${error.message}`;
  if (error.message.trim().length < 8) return `says nothing: ${said}\n${error.stack}`;
  return INTERNAL.test(error.message) ? `${said}\n${error.stack}` : null;
}

const shapeOf = (message: string) =>
  message.replace(/"[^"]*"|'[^']*'|[\d.]+|\/\S+/g, "_").slice(0, 120);
