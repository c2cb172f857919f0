import { check, chosenDevice, nativeLibrary, useDevice } from "./library.ts";
import { encodeOps, type OpRecord } from "./op_record.ts";

/** Host memory that can be copied to and from the device. */
export type HostArray = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** Options of a {@linkcode NativeContext}. */
export interface ContextOptions {
  /**
   * `cpu`, `cuda` or `cuda:<index>`; default `CLIPA_DEVICE`, else `cpu`. It decides which library the
   * process loads, so all its contexts are of one kind.
   */
  readonly device?: string;
  /** CPU threads; default `CLIPA_THREADS`, else all cores. */
  readonly threads?: number;
  /**
   * What linear layers multiply: `float32`, or rounded to `bfloat16` with sums in float32; default
   * `float32`. On the CPU AMX computes it where the processor has that (set `CLIPA_AMX=0` to do
   * without); `library.bf16` of `deno task doctor` says what computes it.
   */
  readonly precision?: "float32" | "bfloat16";
  /**
   * How many chains of ops a program may run at the same time, 1 or 2; default `CLIPA_STREAMS`, else 2
   * on CUDA and 1 on the CPU, which runs ops in order anyway. One takes less memory; the numbers are
   * the same.
   */
  readonly streams?: number;
}

/** A block of device memory. Dispose it, or let its context go. */
export class NativeBuffer implements Disposable {
  /** Handle that op operands name. */
  readonly handle: bigint;
  /** Size in bytes. */
  readonly bytes: number;
  #disposed = false;

  constructor(context: bigint, bytes: number) {
    const out = new BigUint64Array(1);
    check(
      nativeLibrary().symbols.clipa_buffer_create(context, BigInt(bytes), out),
      "clipa_buffer_create",
    );
    this.handle = out[0];
    this.bytes = bytes;
  }

  /** Copies host memory to byte `offset`. */
  write(offset: number, data: HostArray): void {
    const bytes = viewBytes(data);
    const status = nativeLibrary().symbols.clipa_buffer_write(
      this.handle,
      BigInt(offset),
      bytes,
      BigInt(bytes.byteLength),
    );
    check(status, "clipa_buffer_write");
  }

  /** Copies from byte `offset` into host memory and returns it. */
  read<T extends HostArray>(offset: number, data: T): T {
    const bytes = viewBytes(data);
    const status = nativeLibrary().symbols.clipa_buffer_read(
      this.handle,
      BigInt(offset),
      bytes,
      BigInt(bytes.byteLength),
    );
    check(status, "clipa_buffer_read");
    return data;
  }

  /** Frees the memory; programs that use it keep it until they go. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    check(nativeLibrary().symbols.clipa_buffer_destroy(this.handle), "clipa_buffer_destroy");
  }
}

/** A checked op list that runs with one call. */
export class NativeProgram implements Disposable {
  /** Number of ops. */
  readonly length: number;
  readonly #handle: bigint;
  readonly #context: bigint;
  #disposed = false;

  constructor(context: bigint, ops: readonly OpRecord[]) {
    const out = new BigUint64Array(1);
    const status = nativeLibrary().symbols.clipa_program_create(
      context,
      encodeOps(ops),
      BigInt(ops.length),
      out,
    );
    check(status, "clipa_program_create", context);
    this.#context = context;
    this.#handle = out[0];
    this.length = ops.length;
  }

  /** Runs the program; the event loop stays free meanwhile. */
  async run(): Promise<void> {
    const status = await nativeLibrary().symbols.clipa_program_run(this.#handle);
    check(status, "clipa_program_run", status === 4 ? 0n : this.#context);
  }

  /** Seconds spent in each op, summed over `runs` since the last call. The first call turns timing on. */
  profile(): { seconds: Float64Array; runs: number } {
    const seconds = new Float64Array(this.length);
    const runs = new BigUint64Array(1);
    const status = nativeLibrary().symbols.clipa_program_profile(
      this.#handle,
      seconds,
      BigInt(this.length),
      runs,
    );
    check(status, "clipa_program_profile");
    return { seconds, runs: Number(runs[0]) };
  }

  /** Frees the program. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    check(nativeLibrary().symbols.clipa_program_destroy(this.#handle), "clipa_program_destroy");
  }
}

/**
 * A device with its worker thread: creates buffers, runs ops now, or checks them into programs.
 *
 * ```ts
 * using context = new NativeContext({ threads: 1 });
 * using buffer = context.buffer(8);
 * context.execute([{ kind: 1, dims: [2], scalars: [3], operands: [{ buffer: buffer.handle, offset: 0, bytes: 8 }] }]);
 * buffer.read(0, new Float32Array(2)); // 3, 3
 * ```
 */
export class NativeContext implements Disposable {
  /** Handle of the native context. */
  readonly handle: bigint;
  /** How many chains of ops a program may run at the same time. */
  readonly streams: number;
  #disposed = false;

  constructor(options: ContextOptions = {}) {
    const threads = options.threads ?? Number(Deno.env.get("CLIPA_THREADS") ?? 0);
    if (!Number.isInteger(threads) || threads < 0 || threads > 256) {
      throw new RangeError(
        `threads is ${threads}; allowed are 0 (all cores) to 256; set CLIPA_THREADS or the threads option`,
      );
    }
    const given = Deno.env.get("CLIPA_STREAMS");
    const streams = options.streams ?? (given ? Number(given) : undefined);
    if (streams !== undefined && streams !== 1 && streams !== 2) {
      throw new RangeError(
        `streams is ${streams}; allowed are 1 and 2; set CLIPA_STREAMS or the streams option`,
      );
    }
    const precision = options.precision === "bfloat16" ? 1 : 0;
    const device = options.device === undefined ? chosenDevice() : useDevice(options.device);
    const params = new Int32Array([16, device.index, threads, precision]);
    const out = new BigUint64Array(1);
    check(nativeLibrary().symbols.clipa_context_create(params, out), "clipa_context_create");
    this.handle = out[0];
    this.streams = streams ?? (nativeLibrary().info.device === "cuda" ? 2 : 1);
  }

  /** A zeroed buffer of device memory. */
  buffer(bytes: number): NativeBuffer {
    return new NativeBuffer(this.handle, bytes);
  }

  /** Runs ops now, in order, and waits. */
  execute(ops: readonly OpRecord[]): void {
    const status = nativeLibrary().symbols.clipa_execute(
      this.handle,
      encodeOps(ops),
      BigInt(ops.length),
    );
    check(status, "clipa_execute", status === 4 ? 0n : this.handle);
  }

  /** Checks ops once for running many times. */
  program(ops: readonly OpRecord[]): NativeProgram {
    return new NativeProgram(this.handle, ops);
  }

  /** Asks a running program to end before its next op; `false` takes the request back. */
  cancel(request = true): void {
    const status = nativeLibrary().symbols.clipa_context_cancel(this.handle, request ? 1 : 0);
    check(status, "clipa_context_cancel");
  }

  /** Device memory in use and its peak, in bytes. */
  memory(): { bytes: number; peakBytes: number } {
    const bytes = new BigUint64Array(1);
    const peak = new BigUint64Array(1);
    const status = nativeLibrary().symbols.clipa_context_memory(this.handle, bytes, peak);
    check(status, "clipa_context_memory");
    return { bytes: Number(bytes[0]), peakBytes: Number(peak[0]) };
  }

  /** Ends the worker once buffers and programs are gone. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    check(nativeLibrary().symbols.clipa_context_destroy(this.handle), "clipa_context_destroy");
  }
}

function viewBytes(data: HostArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}
