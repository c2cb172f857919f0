import { NativeContext } from "../../native/context.ts";
import { Flag, OpKind } from "../../native/op_kinds.ts";
import { FixedTensor } from "../../tensor/fixed_tensor.ts";
import { Tape } from "../../tensor/tape.ts";
import type { Program } from "../../tensor/program.ts";

const PATTERN = Float32Array.from({ length: 13 << 16 }, (_, i) => (i % 13) / 13 - 0.5);

/** A tensor of no particular values; zeros would spare a GPU power, and so make it faster. */
export function patterned(context: NativeContext, shape: readonly number[]): FixedTensor {
  const tensor = new FixedTensor(context, shape);
  const { buffer } = tensor.storage;
  for (let at = 0; at < tensor.size; at += PATTERN.length) {
    buffer!.write(4 * at, PATTERN.subarray(0, tensor.size - at));
  }
  return tensor;
}

/** A matrix product of the library, ready to be timed: [m, k] x [k, n]. */
export class ProductRate implements Disposable {
  readonly #flops: number;
  readonly #program: Program;
  readonly #tensors: FixedTensor[];

  /**
   * @param kind One of the three linear ops; a whole step runs each of them once per layer.
   * @param flags Flags of the op.
   */
  constructor(
    context: NativeContext,
    kind: "LINEAR" | "LINEAR_BACKWARD_INPUT" | "LINEAR_BACKWARD_WEIGHT",
    dims: readonly [m: number, n: number, k: number],
    flags: number = 0,
  ) {
    const [m, n, k] = dims;
    this.#flops = 2 * m * n * k;
    const make = (rows: number, columns: number) => patterned(context, [rows, columns]);
    const wide = make(m, n), narrow = make(m, k), weight = make(n, k);
    this.#tensors = [wide, narrow, weight];
    const tape = new Tape(context);
    const operands = {
      LINEAR: { reads: [narrow, weight, null, null], writes: [wide, null] },
      LINEAR_BACKWARD_INPUT: { reads: [wide, weight, null, null], writes: [narrow] },
      LINEAR_BACKWARD_WEIGHT: { reads: [wide, narrow], writes: [weight, null] },
    }[kind];
    tape.emit(OpKind[kind], { dims, flags }, operands.reads, operands.writes);
    this.#program = tape.compile();
  }

  /** Floating-point operations a second, best of some runs. */
  async rate(runs = 3): Promise<number> {
    let best = Infinity;
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      await this.#program.run();
      best = Math.min(best, (performance.now() - start) / 1000);
    }
    return this.#flops / best;
  }

  /** Runs once, for timing several at once. */
  run(): Promise<void> {
    return this.#program.run();
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
    for (const tensor of this.#tensors) tensor[Symbol.dispose]();
  }
}

/**
 * The roof: the best SGEMM rate at 2048³ of one thread, of all threads, and of one-thread contexts side
 * by side. FLOP/s.
 */
export class Roof implements Disposable {
  readonly #contexts: NativeContext[] = [];
  readonly #single: ProductRate[] = [];
  readonly #team: ProductRate;

  constructor(threads: number) {
    const cube = [2048, 2048, 2048] as const;
    const product = (count: number) => {
      const context = new NativeContext({ threads: count });
      this.#contexts.push(context);
      // The plain product: no weight is turned.
      return new ProductRate(context, "LINEAR", cube, Flag.IN_OUT);
    };
    this.#team = product(threads);
    for (let i = 0; i < threads; i++) this.#single.push(product(1));
  }

  /** One measurement of each way; the best of them. */
  async rate(): Promise<number> {
    const team = await this.#team.rate(2);
    const start = performance.now();
    await Promise.all(this.#single.map((product) => product.run()));
    const together = this.#single.length * 2 * 2048 ** 3 / ((performance.now() - start) / 1000);
    return Math.max(team, together, await this.#single[0].rate(1));
  }

  [Symbol.dispose](): void {
    this.#team[Symbol.dispose]();
    for (const product of this.#single) product[Symbol.dispose]();
    for (const context of this.#contexts) context[Symbol.dispose]();
  }
}
