import { check, nativeLibrary } from "../../native/library.ts";

/** Memory of the native library that stands for a mapped file: pictures that come from no file. */
export class ScratchMap implements Disposable {
  /** Handle for native calls. */
  readonly handle: bigint;
  readonly bytes: number;
  #disposed = false;

  /** @throws {NativeError} when there is not so much memory. */
  constructor(bytes: number) {
    const handle = new BigUint64Array(1);
    check(nativeLibrary().symbols.clipa_map_scratch(BigInt(bytes), handle), "clipa_map_scratch");
    this.handle = handle[0];
    this.bytes = bytes;
  }

  /** Copies bytes to an offset. */
  write(offset: number, data: Uint8Array<ArrayBuffer>): void {
    const status = nativeLibrary().symbols.clipa_map_write(
      this.handle,
      BigInt(offset),
      data,
      BigInt(data.length),
    );
    check(status, "clipa_map_write");
  }

  /** Takes the memory away. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    check(nativeLibrary().symbols.clipa_map_close(this.handle), "clipa_map_close");
  }
}
