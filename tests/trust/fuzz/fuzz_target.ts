import process from "node:process";
import { Dice, mutate } from "./mutate.ts";
import { memoryFolder, PeakMemory } from "./process_memory.ts";

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
  /** A hostile file whose frame is sound: lengths and checksums are right, what they hold is not. */
  forge?(dice: Dice, seed: Uint8Array): Uint8Array;
  /** How many times slower than the others this one is. Default 1. */
  readonly slowness?: number;
  /** Called when no more is to be read. */
  close?(): void;
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
  /** Highest memory of the process above what it had before, garbage included; bytes. */
  readonly memoryBytes: number;
}

/** An input that a reader did not handle. */
export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly problem: string;
}

/** Longest processor time of one input; far above what the largest one needs. */
const MOST_SECONDS = 5;
/** A target with so many failures is given no more inputs. */
const MOST_FAILURES = 10;
/** Memory that reading inputs of at most 64 KiB may take; twice as much is a failure. */
export const MEMORY_LIMIT = 128 * 2 ** 20;

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

/** What a stopped {@linkcode Fuzzer} goes on from. */
export interface FuzzerState {
  readonly cases: number;
  readonly dice: number;
  readonly accepted: number;
  readonly messages: readonly string[];
  readonly failures: readonly { readonly input: string; readonly problem: string }[];
  readonly slowest: number;
  readonly memoryBytes: number;
}

/** Told of every input before it is read. */
export type OnInput = (target: string, input: Uint8Array) => void;

/** Gives a reader changed inputs, and checks that it accepts them or says clearly why not. */
export class Fuzzer {
  readonly target: FuzzTarget;
  readonly #dice: Dice;
  readonly #messages: Set<string>;
  readonly #failures: FuzzFailure[];
  #cases: number;
  #accepted: number;
  #slowest: number;
  #memoryBytes: number;

  constructor(target: FuzzTarget, start: Dice | FuzzerState) {
    this.target = target;
    const state = start instanceof Dice ? null : start;
    this.#dice = start instanceof Dice ? start : Dice.at(start.dice);
    this.#messages = new Set(state?.messages);
    this.#failures = (state?.failures ?? []).map(({ input, problem }) => ({
      input: Uint8Array.fromBase64(input),
      problem,
    }));
    this.#cases = state?.cases ?? 0;
    this.#accepted = state?.accepted ?? 0;
    this.#slowest = state?.slowest ?? 0;
    this.#memoryBytes = state?.memoryBytes ?? 0;
  }

  get cases(): number {
    return this.#cases;
  }

  /** Reads inputs until there were `cases` of them, or many failures. Throws when `signal` says so. */
  async until(cases: number, signal?: AbortSignal, onInput: OnInput = () => {}): Promise<void> {
    const folder = await Deno.makeTempDir({ dir: memoryFolder() });
    const peak = new PeakMemory();
    try {
      if (this.#cases === 0) {
        for (const seed of this.target.seeds) await this.target.read(seed, folder);
      }
      peak.start();
      let restedMs = performance.now();
      while (this.#cases < cases && this.#failures.length < MOST_FAILURES) {
        // Signals are only heard when the event loop has its turn.
        if (performance.now() - restedMs > 100) {
          await new Promise((resolve) => setTimeout(resolve));
          restedMs = performance.now();
        }
        signal?.throwIfAborted();
        await this.#next(folder, onInput);
      }
    } finally {
      this.#memoryBytes = Math.max(this.#memoryBytes, peak.growth());
      await Deno.remove(folder, { recursive: true });
    }
  }

  async #next(folder: string, onInput: OnInput): Promise<void> {
    const input = this.#draw();
    onInput(this.target.name, input);
    // Not by the clock: other programs may have the processor.
    const start = process.cpuUsage();
    let problem: string | null = null;
    try {
      await this.target.read(input, folder);
      this.#accepted++;
    } catch (error) {
      problem = problemOf(error);
      if (problem === null) this.#messages.add(shapeOf(String((error as Error).message)));
    }
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    this.#slowest = Math.max(this.#slowest, seconds);
    if (seconds > MOST_SECONDS) problem ??= `computed for ${seconds} s`;
    if (problem !== null) this.#failures.push({ input, problem });
    this.#cases++;
  }

  /** A third of the inputs is changed anywhere, a third is sealed again, a third is forged. */
  #draw(): Uint8Array {
    const { seeds, reseal, forge } = this.target;
    const way = this.#dice.below(3);
    if (way === 0 && forge) return forge(this.#dice, this.#dice.pick(seeds));
    const input = mutate(this.#dice, seeds);
    return way === 1 && reseal ? reseal(input) : input;
  }

  report(): FuzzReport {
    return {
      name: this.target.name,
      cases: this.#cases,
      accepted: this.#accepted,
      messages: this.#messages.size,
      failures: this.#failures,
      slowest: this.#slowest,
      memoryBytes: this.#memoryBytes,
    };
  }

  state(): FuzzerState {
    return {
      cases: this.#cases,
      dice: this.#dice.state,
      accepted: this.#accepted,
      messages: [...this.#messages],
      failures: this.#failures.map(({ input, problem }) => ({
        input: Uint8Array.from(input).toBase64(),
        problem,
      })),
      slowest: this.#slowest,
      memoryBytes: this.#memoryBytes,
    };
  }
}

/** One target alone; see {@linkcode Fuzzer}. */
export async function fuzz(target: FuzzTarget, cases: number, dice: Dice): Promise<FuzzReport> {
  const fuzzer = new Fuzzer(target, dice);
  await fuzzer.until(cases);
  return fuzzer.report();
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
