import { setImmediate } from "node:timers/promises";
import { nativeLibrary } from "../native/library.ts";
import { checkOrt, cText, readOrtText } from "../native/ort_check.ts";
import { openOrt } from "./ort_library.ts";
import {
  arrayOf,
  checkTensor,
  type OrtSlot,
  type OrtTensor,
  typeName,
  typeOf,
} from "./ort_tensor.ts";

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
  /** CUDA device; default 0. */
  readonly device?: number;
  /** A CUDA stream to run on, as an address; default a stream of ONNX Runtime. */
  readonly userStream?: bigint;
}

/** Default of `spinMilliseconds`: measured runs with 1 and 10 were not faster. */
export const SPIN_MILLISECONDS = 0;

/** Bytes that are copied at a time: a fraction of a millisecond. */
const PART_BYTES = 1 << 20;

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
  const { provider = "auto", device = 0, userStream = 0n } = options;
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

/** Calls `copy` for parts of `bytes`; the event loop turns between two of them. */
async function inParts(bytes: number, copy: (first: number, end: number) => void): Promise<void> {
  for (let first = 0; first < bytes; first += PART_BYTES) {
    if (first > 0) await setImmediate();
    copy(first, Math.min(bytes, first + PART_BYTES));
  }
}

async function writeInput(run: bigint, index: bigint, { data, shape }: OrtTensor): Promise<void> {
  const { symbols } = nativeLibrary();
  const { byteLength: total, byteOffset } = data;
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, byteOffset, total);
  const status = symbols.clipa_ort_run_input(
    run,
    index,
    typeOf(data).code,
    BigInt64Array.from(shape, BigInt),
    BigInt(shape.length),
    total > PART_BYTES ? null : bytes,
    BigInt(total),
  );
  checkOrt(status, "clipa_ort_run_input", { run });
  if (total <= PART_BYTES) return;
  await inParts(total, (first, end) => {
    if (bytes.length !== total) throw new TypeError("an input was transferred during the run");
    const part = bytes.subarray(first, end);
    const written = symbols.clipa_ort_run_write(
      run,
      index,
      BigInt(first),
      part,
      BigInt(part.length),
    );
    checkOrt(written, "clipa_ort_run_write", { run });
  });
}

async function readOutput(run: bigint, index: bigint): Promise<OrtTensor> {
  const { symbols } = nativeLibrary();
  const tensor = new DataView(new ArrayBuffer(72));
  const about = symbols.clipa_ort_run_output(run, index, new Uint8Array(tensor.buffer));
  checkOrt(about, "clipa_ort_run_output", { run });
  const rank = tensor.getInt32(4, true);
  const shape = Array.from({ length: rank }, (_, i) => Number(tensor.getBigInt64(8 + 8 * i, true)));
  const data = arrayOf(tensor.getInt32(0, true), shape.reduce((product, dim) => product * dim, 1));
  const bytes = new Uint8Array(data.buffer as ArrayBuffer);
  await inParts(bytes.length, (first, end) => {
    const part = bytes.subarray(first, end);
    const status = symbols.clipa_ort_run_read(
      run,
      index,
      BigInt(first),
      part,
      BigInt(part.length),
    );
    checkOrt(status, "clipa_ort_run_read", { run });
  });
  return { data, shape };
}
