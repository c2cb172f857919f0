import { nativeLibrary } from "./library.ts";
import { NativeError } from "./native_error.ts";

/** Whose message tells what went wrong; neither = the calling thread's. */
export interface OrtHandles {
  readonly session?: bigint;
  readonly run?: bigint;
}

/** Throws the {@linkcode NativeError} of a failed call of `clipa_ort.h`. */
export function checkOrt(status: number, operation: string, handles: OrtHandles = {}): void {
  if (status === 0) return;
  const { session = 0n, run = 0n } = handles;
  const text = new Uint8Array(4096);
  nativeLibrary().symbols.clipa_ort_error_message(session, run, text, 4096n);
  const message = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
  // The message starts with the operation, which the error names too.
  throw new NativeError(status, operation, message.replace(`${operation}: `, ""));
}

/** A text of unknown length from the library: `read(out, bytes, needed)` is asked twice. */
export function readOrtText(
  read: (
    out: Uint8Array<ArrayBuffer> | null,
    bytes: bigint,
    needed: BigUint64Array<ArrayBuffer>,
  ) => void,
): string {
  const needed = new BigUint64Array(1);
  read(null, 0n, needed);
  const text = new Uint8Array(Number(needed[0]));
  read(text, needed[0], needed);
  return new TextDecoder().decode(text.subarray(0, text.length - 1));
}

/** A C string of the path. */
export function cText(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError(`a path contains the character zero: ${text}`);
  return new TextEncoder().encode(`${text}\0`);
}
