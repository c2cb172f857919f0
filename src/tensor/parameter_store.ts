import type { NativeBuffer, NativeContext } from "../native/context.ts";
import { shardAlignment, type ShardBucket, shardBuckets, type ShardPlace } from "./shard.ts";
import { elementCount, Storage, Tensor } from "./tensor.ts";

/** One parameter of a model. */
export interface ParameterSpec {
  /** Name in the field's usual layout, such as `visual.proj`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** True when weight decay applies. */
  readonly decay: boolean;
  /** Fills the initial values. */
  readonly init: (values: Float32Array) => void;
}

/** The copies a store keeps of every parameter. */
export type ParameterCopy = "value" | "gradient" | "m" | "v" | "average";

/** A stretch of the flat arrays that one optimizer op updates. */
export interface ParameterGroup {
  readonly decay: boolean;
  /** Without `m` and `v` where the store keeps only a share of them. */
  readonly copies: Readonly<Record<ParameterCopy, Tensor>>;
}

/** The share of the optimizer's state that one of several ranks keeps. */
export interface ParameterShard {
  readonly rank: number;
  readonly size: number;
  readonly buckets: readonly ShardBucket[];
  /** [total / size] each, the own parts of all buckets one after the other. */
  readonly m: Tensor;
  readonly v: Tensor;
  /** The same of the gradients; it takes the memory of the first ones. */
  readonly gradient: Tensor;
}

// Parameters start at multiples of 16 floats, one cache line.
const ALIGN = 16;

/**
 * All parameters of a model in flat arrays: values, gradients and optimizer state. The decayed
 * parameters stand first, so that the optimizer needs two ops, whatever the model.
 *
 * `training: false` keeps values only; with `shard` a rank keeps its share of the moments alone.
 */
export class ParameterStore implements Disposable {
  readonly specs: readonly ParameterSpec[];
  /** Number of parameters, padding not counted. */
  readonly count: number;
  readonly groups: readonly ParameterGroup[];
  /** All gradients, padding included (always zero), as one row. */
  readonly gradients: Tensor | null;
  /** The share of the moments that this store keeps; null where it keeps all. */
  readonly shard: ParameterShard | null = null;
  readonly #starts = new Map<string, number>();
  readonly #tensors = new Map<string, Record<string, Tensor>>();
  readonly #buffers: NativeBuffer[] = [];

  constructor(
    context: NativeContext,
    specs: readonly ParameterSpec[],
    options: { training?: boolean; shard?: ShardPlace } = {},
  ) {
    const training = options.training ?? true;
    const ordered = [...specs.filter((s) => s.decay), ...specs.filter((s) => !s.decay)];
    this.specs = ordered;
    this.count = ordered.reduce((count, spec) => count + elementCount(spec.shape), 0);

    const place = training && (options.shard?.size ?? 1) > 1 ? options.shard! : null;
    const starts: number[] = [];
    let total = 0;
    let decayed = 0;
    for (const spec of ordered) {
      if (this.#tensors.has(spec.name)) {
        throw new TypeError(`parameter ${spec.name} is declared twice`);
      }
      this.#tensors.set(spec.name, {});
      starts.push(total);
      this.#starts.set(spec.name, total);
      total += Math.ceil(elementCount(spec.shape) / ALIGN) * ALIGN;
      if (spec.decay) decayed = total;
    }

    if (place) total = Math.ceil(total / shardAlignment(place)) * shardAlignment(place);

    const copies: ParameterCopy[] = !training
      ? ["value"]
      : place
      ? ["value", "gradient", "average"]
      : ["value", "gradient", "m", "v", "average"];
    const buffers = {} as Record<ParameterCopy, NativeBuffer>;
    for (const copy of copies) {
      buffers[copy] = context.buffer(total * 4);
      this.#buffers.push(buffers[copy]);
    }
    const view = (copy: ParameterCopy, start: number, shape: readonly number[]) =>
      new Storage(elementCount(shape) * 4, buffers[copy], start * 4);
    ordered.forEach((spec, i) => {
      const made = this.#tensors.get(spec.name)!;
      for (const copy of copies) {
        if (copy !== "value") {
          made[copy] = new Tensor(spec.shape, view(copy, starts[i], spec.shape));
        }
      }
      made.value = new Tensor(spec.shape, view("value", starts[i], spec.shape), {
        gradient: training ? made.gradient : null,
      });
    });
    this.gradients = training ? new Tensor([total], view("gradient", 0, [total])) : null;
    if (place) {
      const share = [total / place.size];
      const moments = () => {
        const buffer = context.buffer(4 * share[0]);
        this.#buffers.push(buffer);
        return new Tensor(share, new Storage(4 * share[0], buffer));
      };
      this.shard = {
        rank: place.rank,
        size: place.size,
        buckets: shardBuckets(total, place),
        m: moments(),
        v: moments(),
        gradient: new Tensor(share, view("gradient", 0, share)),
      };
    }
    const groups: ParameterGroup[] = [];
    for (const [decay, start, end] of [[true, 0, decayed], [false, decayed, total]] as const) {
      if (!training || end === start) continue;
      const entries = copies.map((copy) => [
        copy,
        new Tensor([end - start], view(copy, start, [end - start])),
      ]);
      groups.push({ decay, copies: Object.fromEntries(entries) });
    }
    this.groups = groups;
  }

  /** The parameter as the model uses it. */
  get(name: string): Tensor {
    return this.copy(name, "value");
  }

  /** True when the model has such a parameter. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** One of the copies of a parameter. */
  copy(name: string, copy: ParameterCopy): Tensor {
    const tensor = this.#tensors.get(name)?.[copy];
    if (!tensor) {
      const have = [...this.#tensors.keys()].slice(0, 4).join(", ");
      throw new RangeError(`no parameter ${name} (${copy}); there are ${have} and others`);
    }
    return tensor;
  }

  /** A parameter's numbers within those of all parameters, padding included. */
  within<T extends Float32Array>(name: string, all: T): T {
    const start = this.#starts.get(name)!;
    return all.subarray(start, start + this.get(name).size) as T;
  }

  /** All values, as differentiable tensors. */
  values(): Tensor[] {
    return this.specs.map((spec) => this.get(spec.name));
  }

  /** Writes the initial values; the average starts equal to them. */
  initialize(): void {
    for (const spec of this.specs) {
      const values = new Float32Array(elementCount(spec.shape));
      spec.init(values);
      this.get(spec.name).write(values);
      if (this.gradients) this.copy(spec.name, "average").write(values);
    }
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers) buffer[Symbol.dispose]();
    this.#buffers.length = 0;
  }
}
