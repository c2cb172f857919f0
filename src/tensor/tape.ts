import type { NativeBuffer, NativeContext } from "../native/context.ts";
import { Flag, OpKind } from "../native/op_kinds.ts";
import { planMemory } from "./plan_memory.ts";
import { Program } from "./program.ts";
import { withoutConflicts } from "./sides.ts";
import { byteLength, type DType, Storage, Tensor } from "./tensor.ts";

/** One op as the tape keeps it: operands are `reads` then `writes`, in the order of `clipa.h`. */
export interface TapeOp {
  readonly kind: number;
  readonly flags: number;
  readonly dims: readonly number[];
  readonly scalars: readonly number[];
  readonly reads: readonly (Tensor | null)[];
  readonly writes: readonly (Tensor | null)[];
  /** `writes[0]` may take the memory of this read operand when nothing reads it later. */
  readonly inPlaceOf: number;
  /** Between fork and join: which of the two sides the op belongs to. Elsewhere 0. */
  readonly side: Side;
}

/** One of the two sides of {@linkcode Tape.beside}. */
export type Side = 0 | 1;

/** What an op is emitted with; see {@linkcode Tape.emit}. */
export interface EmitOptions {
  readonly dims: readonly number[];
  readonly flags?: number;
  readonly scalars?: readonly number[];
  readonly inPlaceOf?: number;
  /** Default: the side on which the tape stands. */
  readonly side?: Side;
}

/** Where a tape stands between a fork and its join. */
interface Lane {
  /** The same object for all that lies between one fork and its join. */
  readonly region: object;
  readonly side: Side;
}

interface Node {
  readonly output: Tensor;
  readonly backward: (gradient: Gradient) => void;
  readonly lane: Lane | null;
}

/** The gradient that reaches a node: a tensor, or a constant at a root. */
export class Gradient {
  readonly #tape: Tape;
  readonly #shape: readonly number[];
  #value: Tensor | number;

  constructor(tape: Tape, shape: readonly number[], value: Tensor | number) {
    this.#tape = tape;
    this.#shape = shape;
    this.#value = value;
  }

  /** As a tensor; a constant is filled into one. */
  tensor(): Tensor {
    if (typeof this.#value === "number") {
      const filled = this.#tape.create(this.#shape);
      this.#tape.emit(
        OpKind.FILL,
        { dims: [filled.size], scalars: [this.#value] },
        [],
        [filled],
      );
      this.#value = filled;
    }
    return this.#value;
  }

  /** As a constant, or null when it is not one. */
  constant(): number | null {
    return typeof this.#value === "number" ? this.#value : null;
  }
}

/**
 * Reverse-mode automatic differentiation over the ops of the native library.
 *
 * A tape either runs every op as it is written (`eager`, for debugging and trying things in a cell)
 * or records them for {@linkcode Tape.compile}, which plans memory and gives a program. Both run the
 * same ops on the same values, so they give the same bits. Tensors are never changed in place: the
 * planner reuses memory where nothing reads a value any more.
 */
export class Tape implements Disposable {
  readonly context: NativeContext;
  readonly eager: boolean;
  readonly ops: TapeOp[] = [];
  readonly #nodes: Node[] = [];
  readonly #gradients = new Map<Tensor, Tensor | number>();
  readonly #accumulated = new Set<Tensor>();
  readonly #retained = new Set<Tensor>();
  readonly #buffers: NativeBuffer[] = [];
  readonly #sides: boolean;
  #lane: Lane | null = null;

  /**
   * @param context Device and threads.
   * @param options.eager Run ops at once; default: record.
   * @param options.sides Let {@linkcode Tape.beside} part the program; default: where the context has
   *   two streams. An eager tape never does.
   */
  constructor(context: NativeContext, options: { eager?: boolean; sides?: boolean } = {}) {
    this.context = context;
    this.eager = options.eager ?? false;
    this.#sides = !this.eager && (options.sides ?? context.streams > 1);
  }

  /** A new tensor for an op to write. */
  create(
    shape: readonly number[],
    options: { dtype?: DType; requiresGradient?: boolean } = {},
  ): Tensor {
    const bytes = byteLength(shape, options.dtype ?? "f32");
    const storage = new Storage(bytes);
    if (this.eager) {
      storage.buffer = this.context.buffer(bytes);
      this.#buffers.push(storage.buffer);
    }
    return new Tensor(shape, storage, options);
  }

  /** Emits one op: `reads` and `writes` are its operands in the order of `clipa.h`. */
  emit(
    kind: number,
    options: EmitOptions,
    reads: readonly (Tensor | null)[],
    writes: readonly (Tensor | null)[],
  ): void {
    const { dims, flags = 0, scalars = [], inPlaceOf = -1 } = options;
    const side = options.side ?? this.#lane?.side ?? 0;
    const op: TapeOp = { kind, flags, dims, scalars, reads, writes, inPlaceOf, side };
    if (this.eager) {
      this.context.execute([toRecord(op)]);
    } else {
      this.ops.push(op);
    }
  }

  /**
   * Registers how the gradient of `output` reaches its inputs. `backward` emits ops and hands
   * gradients on with {@linkcode addGradient}. Only needed when `output.requiresGradient`.
   */
  node(output: Tensor, backward: (gradient: Gradient) => void): void {
    if (output.requiresGradient) this.#nodes.push({ output, backward, lane: this.#lane });
  }

  /**
   * Records two chains of ops that do not need each other, so that a device with two streams runs them
   * at the same time; their gradients, too. Where one of them writes what the other touches, and on the
   * CPU, all ops run in order. The numbers are the same either way.
   *
   * ```ts ignore
   * const [image, text] = tape.beside(
   *   () => model.embedImages(tape, pixels),
   *   () => model.embedTexts(tape, ids),
   * );
   * ```
   */
  beside<A, B>(first: () => A, second: () => B): [A, B] {
    if (!this.#sides || this.#lane) return [first(), second()];
    const region = {};
    this.#enter({ region, side: 0 });
    const a = first();
    this.#enter({ region, side: 1 });
    const b = second();
    this.#enter(null);
    return [a, b];
  }

  /** Goes to a side of a stretch between fork and join, or out of it. */
  #enter(lane: Lane | null): void {
    const from = this.#lane;
    this.#lane = null;
    if (from?.region !== lane?.region) {
      if (from) this.emit(OpKind.JOIN, { dims: [] }, [], []);
      if (lane) this.emit(OpKind.FORK, { dims: [] }, [], []);
    }
    this.#lane = lane;
  }

  /** Hands a gradient to `tensor`; several are added up. */
  addGradient(tensor: Tensor, gradient: Tensor): void {
    if (!tensor.requiresGradient) return;
    if (tensor.gradient) {
      const target = this.gradientTarget(tensor);
      this.emit(
        OpKind.SCALE,
        { dims: [tensor.size], scalars: [1] },
        [gradient, target.accumulate ? target.tensor : null],
        [target.tensor],
      );
      return;
    }
    const acc = this.pendingGradient(tensor);
    if (!acc) {
      this.#gradients.set(tensor, gradient);
      return;
    }
    const sum = this.create(tensor.shape);
    const dims = [tensor.size, tensor.size];
    this.emit(OpKind.ADD, { dims, inPlaceOf: 0 }, [acc, gradient], [sum]);
    this.#gradients.set(tensor, sum);
  }

  /**
   * The gradient gathered so far, for ops that add to it themselves (their `acc` operand); follow
   * with {@linkcode setGradient}.
   */
  pendingGradient(tensor: Tensor): Tensor | null {
    const gradient = this.#gradients.get(tensor);
    if (gradient === undefined) return null;
    return new Gradient(this, tensor.shape, gradient).tensor();
  }

  /** Replaces the gradient of an activation after an op has added the pending one. */
  setGradient(tensor: Tensor, gradient: Tensor): void {
    if (tensor.gradient) this.addGradient(tensor, gradient);
    else this.#gradients.set(tensor, gradient);
  }

  /**
   * Where an op shall write the gradient of a weight-like tensor, and whether it must add to what
   * is there. For parameters that is their gradient buffer.
   */
  gradientTarget(tensor: Tensor): { tensor: Tensor; accumulate: boolean } {
    if (!tensor.gradient) return { tensor: this.create(tensor.shape), accumulate: false };
    const accumulate = this.#accumulated.has(tensor);
    this.#accumulated.add(tensor);
    return { tensor: tensor.gradient, accumulate };
  }

  /** Declares that parameter gradients hold something to add to (later micro-batches). */
  accumulateInto(parameters: Iterable<Tensor>): void {
    for (const parameter of parameters) this.#accumulated.add(parameter);
  }

  /**
   * Runs the chain rule from the roots: pairs of a tensor and its gradient (a tensor, or a constant
   * weight of a scalar loss).
   */
  backward(...roots: readonly (readonly [Tensor, Tensor | number])[]): void {
    for (const [root, gradient] of roots) {
      if (!root.requiresGradient) {
        throw new TypeError(
          `tensor [${root.shape}] depends on no parameter: nothing to differentiate`,
        );
      }
      if (typeof gradient === "number") this.#gradients.set(root, gradient);
      else this.addGradient(root, gradient);
    }
    this.#unwind(0);
    this.#enter(null);
  }

  /** The chain rule through the nodes from number `first` on, the last one first. */
  #unwind(first: number): void {
    for (let i = this.#nodes.length - 1; i >= first; i--) {
      const { output, backward, lane } = this.#nodes[i];
      const gradient = this.#gradients.get(output);
      if (gradient === undefined) continue;
      // Taken out first: when the node has run, nothing may read this gradient any more.
      this.#gradients.delete(output);
      this.#enter(lane);
      backward(new Gradient(this, output.shape, gradient));
    }
    this.#nodes.length = first;
  }

  /**
   * Runs `body` without keeping what it computes on the way: its ops run once more in the backward pass,
   * right before their gradients. Less memory for a second forward pass; the same bits.
   *
   * ```ts ignore
   * const y = tape.recompute(() => block.forward(tape, get, "block.0", x, spec));
   * ```
   *
   * @param body Emits ops on this tape, the same ones each time. What it reads from outside must not
   *   change before the backward pass.
   */
  recompute(body: () => Tensor): Tensor {
    const first = this.#nodes.length;
    const output = body();
    this.#nodes.length = first;
    this.node(output, (gradient) => {
      const start = this.#nodes.length;
      const again = body();
      this.#gradients.set(again, gradient.constant() ?? gradient.tensor());
      this.#unwind(start);
    });
    return output;
  }

  /** The gradient of an activation that no node has consumed (inputs that require one). */
  gradientOf(tensor: Tensor): Tensor | null {
    return tensor.gradient ?? this.pendingGradient(tensor);
  }

  /** Keeps a tensor readable after a compiled program has run. */
  retain<T extends Tensor>(tensor: T): T {
    this.#retained.add(tensor);
    return tensor;
  }

  /**
   * Plans memory and checks the ops into a program. The tape must be recording.
   *
   * @param host A program whose arena this one uses too: for programs that run in turn and whose
   *   intermediate values need not outlive a run. It must be at least as large, and disposed last.
   */
  compile(host?: Program): Program {
    if (this.eager) throw new Error("an eager tape has already run; compile a recording one");
    const ops = withoutConflicts(this.ops);
    const plan = planMemory(ops, this.#retained);
    if (host && host.arenaBytes < plan.bytes) {
      throw new RangeError(
        `the shared arena has ${host.arenaBytes} bytes, ${plan.bytes} are needed`,
      );
    }
    const arena = host?.arena ?? this.context.buffer(Math.max(64, plan.bytes));
    for (const [storage, offset] of plan.offsets) {
      storage.buffer = arena;
      storage.offset = offset;
    }
    try {
      const native = this.context.program(ops.map(toRecord));
      return new Program(native, arena, ops.map((op) => op.kind), !host);
    } catch (error) {
      if (!host) arena[Symbol.dispose]();
      throw error;
    }
  }

  /** Frees the memory of eager tensors. */
  [Symbol.dispose](): void {
    for (const buffer of this.#buffers) buffer[Symbol.dispose]();
    this.#buffers.length = 0;
  }
}

function toRecord(op: TapeOp) {
  const operands = [...op.reads, ...op.writes].map((tensor) => tensor ? tensor.range() : null);
  const flags = op.flags | (op.side === 1 ? Flag.SIDE : 0);
  return { kind: op.kind, flags, dims: op.dims, scalars: op.scalars, operands };
}
