import type { NativeBuffer, NativeProgram } from "../native/context.ts";
import { DistOpKind } from "../native/dist_symbols.ts";
import { OpKind } from "../native/op_kinds.ts";

/** Time of one kind of op within a program, see {@linkcode Program.profile}. */
export interface OpTime {
  /** Name of the op kind. */
  readonly op: string;
  /** Seconds per run, all ops of the kind together. */
  readonly seconds: number;
  /** How many ops of the kind a run has. */
  readonly count: number;
}

/** A recorded step, checked and planned: one call runs it. Dispose it to free its memory. */
export class Program implements Disposable {
  /** Bytes of the arena that holds all intermediate values. */
  readonly arenaBytes: number;
  /** The arena itself, for {@linkcode Tape.compile}. */
  readonly arena: NativeBuffer;
  readonly #native: NativeProgram;
  readonly #kinds: readonly number[];
  readonly #ownsArena: boolean;

  constructor(
    native: NativeProgram,
    arena: NativeBuffer,
    kinds: readonly number[],
    ownsArena = true,
  ) {
    this.#native = native;
    this.arena = arena;
    this.#kinds = kinds;
    this.#ownsArena = ownsArena;
    this.arenaBytes = arena.bytes;
  }

  /** Number of ops. */
  get length(): number {
    return this.#kinds.length;
  }

  /** Runs the step off the event loop. A cancelled context ends it between ops with an error. */
  run(): Promise<void> {
    return this.#native.run();
  }

  /** Seconds per run and op kind since the last call, slowest first. The first call turns timing on. */
  profile(): OpTime[] {
    const { seconds, runs } = this.#native.profile();
    const times = new Map<number, { seconds: number; count: number }>();
    this.#kinds.forEach((kind, i) => {
      const time = times.get(kind) ?? { seconds: 0, count: 0 };
      time.seconds += seconds[i] / Math.max(1, runs);
      time.count++;
      times.set(kind, time);
    });
    const names = new Map<number, string>(
      Object.entries({ ...OpKind, ...DistOpKind }).map((
        [name, kind],
      ) => [kind, name.toLowerCase()]),
    );
    return [...times]
      .map(([kind, time]) => ({ op: names.get(kind) ?? String(kind), ...time }))
      .sort((a, b) => b.seconds - a.seconds);
  }

  [Symbol.dispose](): void {
    this.#native[Symbol.dispose]();
    if (this.#ownsArena) this.arena[Symbol.dispose]();
  }
}
