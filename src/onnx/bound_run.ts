import { nativeLibrary } from "../native/library.ts";
import { checkOrt } from "../native/ort_check.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkSlot, checkTensor, type OrtSlot, type OrtTensor, typeCode } from "./ort_tensor.ts";
import { readOutput, writeInput } from "./run_copies.ts";

/** What a model declares. */
export interface OrtSlots {
  readonly inputSlots: readonly OrtSlot[];
  readonly outputSlots: readonly OrtSlot[];
}

/**
 * A run of an {@linkcode OrtSession} on tensors that stay where they are; see `OrtSession.bind`. The
 * tensors' memory lives as long as the run.
 *
 * @example
 * ```ts ignore
 * // On CUDA: the training step and the forward pass share a stream, and no value leaves the device.
 * using session = await OrtSession.open("models/quick/image.onnx", { context, provider: "cuda" });
 * using run = await session.bind({ pixels }, { embedding });
 * await step.run();
 * await run.execute();
 * ```
 */
export class BoundRun implements Disposable {
  readonly #run: bigint;
  readonly #outputs: readonly OrtSlot[];
  #disposed = false;

  private constructor(run: bigint, outputs: readonly OrtSlot[]) {
    this.#run = run;
    this.#outputs = outputs;
  }

  /** See `OrtSession.bind`; `session` is its native handle. */
  static async of(
    session: bigint,
    slots: OrtSlots,
    inputs: Readonly<Record<string, Tensor | OrtTensor>>,
    outputs: Readonly<Record<string, Tensor>>,
  ): Promise<BoundRun> {
    const names = (list: readonly OrtSlot[]) => list.map(({ name }) => name).join(", ");
    const has = (list: readonly OrtSlot[], name: string) => list.some((slot) => slot.name === name);
    const given = Object.keys(inputs);
    if (
      given.some((name) => !has(slots.inputSlots, name)) ||
      slots.inputSlots.some(({ name }) => !(name in inputs))
    ) {
      throw new TypeError(
        `inputs are ${given.join(", ") || "none"}; the model has ${names(slots.inputSlots)}`,
      );
    }
    const unknown = Object.keys(outputs).filter((name) => !has(slots.outputSlots, name));
    if (unknown.length > 0) {
      throw new TypeError(
        `outputs are ${unknown.join(", ")}; the model has ${names(slots.outputSlots)}`,
      );
    }
    const { symbols } = nativeLibrary();
    const out = new BigUint64Array(1);
    checkOrt(symbols.clipa_ort_run_create(session, out), "clipa_ort_run_create");
    const made = new BoundRun(out[0], slots.outputSlots);
    try {
      for (const [index, slot] of slots.inputSlots.entries()) {
        const value = inputs[slot.name];
        if (value instanceof Tensor) {
          made.#bind("input", index, slot, value);
        } else {
          checkTensor(value, slot);
          await writeInput(made.#run, BigInt(index), value);
        }
      }
      for (const [index, slot] of slots.outputSlots.entries()) {
        if (slot.name in outputs) made.#bind("output", index, slot, outputs[slot.name]);
      }
      return made;
    } catch (error) {
      made[Symbol.dispose]();
      throw error;
    }
  }

  #bind(what: "input" | "output", index: number, slot: OrtSlot, tensor: Tensor): void {
    const { shape, dtype } = tensor;
    checkSlot(what, dtype, shape, slot);
    const { buffer, offset } = tensor.range();
    const bind = nativeLibrary().symbols[`clipa_ort_run_bind_${what}`];
    const status = bind(
      this.#run,
      BigInt(index),
      typeCode(dtype),
      BigInt64Array.from(shape, BigInt),
      BigInt(shape.length),
      buffer,
      BigInt(offset),
    );
    checkOrt(status, `clipa_ort_run_bind_${what}`, { run: this.#run });
  }

  /**
   * One forward pass over what the bound tensors hold now; when it resolves, bound outputs are
   * written. May be called many times, one call at a time; the event loop stays free.
   *
   * @throws {NativeError} with ONNX Runtime's message, or when a bound output has not the shape that
   * comes out.
   */
  async execute(): Promise<void> {
    const status = await nativeLibrary().symbols.clipa_ort_run_execute(this.#run);
    checkOrt(status, "clipa_ort_run_execute", { run: status === 4 ? 0n : this.#run });
  }

  /** Copies an output of the last `execute` to the host, bound or not. */
  async read(name: string): Promise<OrtTensor> {
    const index = this.#outputs.findIndex((slot) => slot.name === name);
    if (index < 0) {
      const names = this.#outputs.map((slot) => slot.name).join(", ");
      throw new TypeError(`the output is ${name}; the model has ${names}`);
    }
    return await readOutput(this.#run, BigInt(index));
  }

  /** Lets the tensors go. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    checkOrt(nativeLibrary().symbols.clipa_ort_run_destroy(this.#run), "clipa_ort_run_destroy");
  }
}
