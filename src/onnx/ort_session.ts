import type { NativeContext } from "../native/context.ts";
import { chosenDevice, nativeLibrary } from "../native/library.ts";
import { checkOrt, cText, readOrtText } from "../native/ort_check.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BoundRun } from "./bound_run.ts";
import { openOrt } from "./ort_library.ts";
import { checkTensor, type OrtSlot, type OrtTensor, typeName } from "./ort_tensor.ts";
import { readOutput, writeInput } from "./run_copies.ts";

export type { OrtArray, OrtSlot, OrtTensor } from "./ort_tensor.ts";

/** Options of an {@linkcode OrtSession}. */
export interface OrtSessionOptions {
  /** Threads of a run, 1 to 256; default `CLIPA_THREADS`, else all cores. */
  readonly threads?: number;
  /**
   * For how many milliseconds a thread without work keeps its core before it sleeps, 0 to 1000;
   * default {@linkcode SPIN_MILLISECONDS}. 0 leaves the cores to others, between the ops of a run
   * too.
   */
  readonly spinMilliseconds?: number;
  /** `auto` (default) takes CUDA where it loads, else the CPU; `providerNote` says why. */
  readonly provider?: "auto" | "cpu" | "cuda";
  /** CUDA device; default that of `context`, else the one that `CLIPA_DEVICE` names. */
  readonly device?: number;
  /** A CUDA stream to run on, as an address; default that of `context`, else one of ONNX Runtime. */
  readonly userStream?: bigint;
  /**
   * Runs take turns with the programs and ops of this context; with the provider CUDA they go to its
   * device and stream, behind what was queued there. With {@linkcode OrtSession.bind} nothing is
   * copied between a training step and a forward pass.
   */
  readonly context?: NativeContext;
}

/** Default of `spinMilliseconds`: measured runs with 1 and 10 were not faster. */
export const SPIN_MILLISECONDS = 0;

const PROVIDERS = ["auto", "cpu", "cuda"];

/**
 * A model in ONNX Runtime, with the custom ops of the domain `clipa`. Runs happen off the main
 * thread and several may be in flight; the event loop stays free.
 *
 * @example
 * ```ts ignore
 * using session = await OrtSession.open("models/quick/image.onnx", { threads: 2 });
 * console.log(session.providerNote);
 * const pixels = new Uint8Array(32 * 32 * 3);
 * const { features } = await session.run({ pixels: { data: pixels, shape: [1, 32, 32, 3] } });
 * ```
 */
export class OrtSession implements Disposable {
  /** Who computes. */
  readonly provider: "cpu" | "cuda";
  /** Which provider runs, and why not the other. */
  readonly providerNote: string;
  /** Inputs as the model declares them. */
  readonly inputSlots: readonly OrtSlot[];
  /** Outputs as the model declares them. */
  readonly outputSlots: readonly OrtSlot[];
  readonly #handle: bigint;
  #disposed = false;

  private constructor(handle: bigint) {
    const info = JSON.parse(readOrtText((out, bytes, needed) =>
      checkOrt(
        nativeLibrary().symbols.clipa_ort_session_info(handle, out, bytes, needed),
        "clipa_ort_session_info",
      )
    ));
    const slots = (list: { name: string; type: number; dims: (number | string)[] }[]) =>
      list.map(({ name, type, dims }) => ({ name, type: typeName(type), shape: dims }));
    this.provider = info.provider;
    this.providerNote = info.note;
    this.inputSlots = slots(info.inputs);
    this.outputSlots = slots(info.outputs);
    this.#handle = handle;
  }

  /** Names of the inputs. */
  get inputs(): readonly string[] {
    return this.inputSlots.map(({ name }) => name);
  }

  /** Names of the outputs. */
  get outputs(): readonly string[] {
    return this.outputSlots.map(({ name }) => name);
  }

  /**
   * Opens a model.
   *
   * @param model Path of an `.onnx` file, with external data beside it allowed, or the file's bytes.
   * @throws {NativeError} with ONNX Runtime's message: no such file, a truncated or invalid model, an
   * unknown op, a CUDA provider that was asked for and does not load.
   */
  static async open(
    model: string | Uint8Array<ArrayBuffer>,
    options: OrtSessionOptions = {},
  ): Promise<OrtSession> {
    openOrt();
    const { symbols } = nativeLibrary();
    const out = new BigUint64Array(1);
    const file = typeof model === "string";
    const status = symbols.clipa_ort_session_create(
      encodeParams(options),
      file ? cText(model) : null,
      file ? null : model,
      file ? 0n : BigInt(model.byteLength),
      out,
    );
    checkOrt(status, "clipa_ort_session_create");
    const handle = out[0];
    try {
      if (options.context) {
        const used = symbols.clipa_ort_session_use_context(handle, options.context.handle);
        checkOrt(used, "clipa_ort_session_use_context", { session: used === 4 ? 0n : handle });
      }
      const opened = await symbols.clipa_ort_session_open(handle);
      checkOrt(opened, "clipa_ort_session_open", { session: handle });
      return new OrtSession(handle);
    } catch (error) {
      symbols.clipa_ort_session_destroy(handle);
      throw error;
    }
  }

  /**
   * One forward pass; inputs are copied before it starts and outputs after it ends, a megabyte at a
   * time, so that timers are not kept waiting. Leave the inputs as they are until then.
   *
   * @throws {TypeError | RangeError} when an input is missing, unknown, or of another type or shape.
   * @throws {NativeError} with ONNX Runtime's message when the run fails, or after dispose.
   */
  async run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Record<string, OrtTensor>> {
    const unknown = Object.keys(feeds).filter((name) => !this.inputs.includes(name));
    const lacking = this.inputs.filter((name) => !(name in feeds));
    if (unknown.length > 0 || lacking.length > 0) {
      throw new TypeError(
        `inputs are ${Object.keys(feeds).join(", ") || "none"}; the model has ` +
          this.inputs.join(", "),
      );
    }
    for (const slot of this.inputSlots) checkTensor(feeds[slot.name], slot);
    const { symbols } = nativeLibrary();
    const out = new BigUint64Array(1);
    checkOrt(symbols.clipa_ort_run_create(this.#handle, out), "clipa_ort_run_create");
    const run = out[0];
    try {
      for (const [index, { name }] of this.inputSlots.entries()) {
        await writeInput(run, BigInt(index), feeds[name]);
      }
      const status = await symbols.clipa_ort_run_execute(run);
      checkOrt(status, "clipa_ort_run_execute", { run });
      const outputs: Record<string, OrtTensor> = {};
      for (const [index, name] of this.outputs.entries()) {
        outputs[name] = await readOutput(run, BigInt(index));
      }
      return outputs;
    } finally {
      symbols.clipa_ort_run_destroy(run);
    }
  }

  /**
   * A run whose inputs and outputs stay where they are: tensors in memory of the library's device (f32, u8,
   * i32 or i64, as the model declares), read and written at every call of `execute`. Inputs may also be values of the host, which are
   * copied once, here. An output that is not bound can be read from the run.
   *
   * @throws {TypeError | RangeError} when an input is missing, or a tensor is unknown or has another
   * type or shape; {NativeError} when a tensor is device memory and the session runs on the CPU or on
   * another device.
   */
  bind(
    inputs: Readonly<Record<string, Tensor | OrtTensor>>,
    outputs: Readonly<Record<string, Tensor>> = {},
  ): Promise<BoundRun> {
    return BoundRun.of(this.#handle, this, inputs, outputs);
  }

  /** Frees the model once the runs in flight have ended. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const status = nativeLibrary().symbols.clipa_ort_session_destroy(this.#handle);
    checkOrt(status, "clipa_ort_session_destroy");
  }
}

/** Bytes of `clipa_ort_params`. */
function encodeParams(options: OrtSessionOptions): Uint8Array<ArrayBuffer> {
  const { provider = "auto", device = chosenDevice().index, userStream = 0n } = options;
  const { spinMilliseconds: spin = SPIN_MILLISECONDS } = options;
  const threads = options.threads ??
    (Number(Deno.env.get("CLIPA_THREADS") || 0) || Math.min(256, navigator.hardwareConcurrency));
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new RangeError(
      `threads is ${threads}; allowed are 1 to 256; set CLIPA_THREADS or the threads option`,
    );
  }
  if (!PROVIDERS.includes(provider)) {
    throw new RangeError(`provider is ${provider}; allowed are ${PROVIDERS.join(", ")}`);
  }
  if (!(spin >= 0 && spin <= 1000)) {
    throw new RangeError(`spinMilliseconds is ${spin}; allowed are 0 to 1000`);
  }
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 32, true);
  view.setInt32(4, threads, true);
  view.setInt32(8, PROVIDERS.indexOf(provider), true);
  view.setInt32(12, device, true);
  view.setBigUint64(16, userStream, true);
  view.setInt32(24, Math.round(spin * 1000), true);
  return new Uint8Array(view.buffer);
}
