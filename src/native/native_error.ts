/** Status codes of the native library, as in `kernels/include/clipa_status.h`. */
export const STATUS_NAMES: readonly string[] = [
  "ok",
  "invalid argument",
  "out of memory",
  "input/output",
  "stale handle",
  "cancelled",
  "unsupported",
  "internal",
];

/**
 * A call of the native library that did not succeed. The message names the operation, the shapes
 * and what was wrong; `code` is the status and `operation` the C function.
 */
export class NativeError extends Error {
  override readonly name = "NativeError";
  /** Status code, as in `clipa_status.h`. */
  readonly code: number;
  /** The C function that failed. */
  readonly operation: string;

  constructor(code: number, operation: string, detail: string) {
    super(`${operation}: ${STATUS_NAMES[code] ?? `status ${code}`}: ${detail || "no detail"}`);
    this.code = code;
    this.operation = operation;
  }

  /** True when the work ended because a cancel was requested. */
  get cancelled(): boolean {
    return this.code === 5;
  }
}
