import { setImmediate } from "node:timers/promises";
import { nativeLibrary } from "../native/library.ts";
import { checkOrt } from "../native/ort_check.ts";
import { arrayOf, type OrtTensor, typeOf } from "./ort_tensor.ts";

/** Bytes that are copied at a time: a fraction of a millisecond. */
const PART_BYTES = 1 << 20;

/** Calls `copy` for parts of `bytes`; the event loop turns between two of them. */
async function inParts(bytes: number, copy: (first: number, end: number) => void): Promise<void> {
  for (let first = 0; first < bytes; first += PART_BYTES) {
    if (first > 0) await setImmediate();
    copy(first, Math.min(bytes, first + PART_BYTES));
  }
}

/** Copies an input into a run. */
export async function writeInput(
  run: bigint,
  index: bigint,
  { data, shape }: OrtTensor,
): Promise<void> {
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

/** Copies an output out of a run that was executed. */
export async function readOutput(run: bigint, index: bigint): Promise<OrtTensor> {
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
