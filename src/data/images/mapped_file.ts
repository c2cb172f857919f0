import { check, nativeLibrary } from "../../native/library.ts";

/** A file opened and mapped by the native library, read-only; one that shrinks later is an error. */
export class MappedFile implements Disposable {
  /** Handle for native calls. */
  readonly handle: bigint;
  /** Length of the file. */
  readonly bytes: number;
  #disposed = false;

  /** @throws {NativeError} when the file cannot be opened or is empty. */
  constructor(path: string) {
    const handle = new BigUint64Array(1);
    const bytes = new BigUint64Array(1);
    const name = new TextEncoder().encode(path + "\0");
    check(nativeLibrary().symbols.clipa_map_open(name, handle, bytes), "clipa_map_open");
    this.handle = handle[0];
    this.bytes = Number(bytes[0]);
  }

  /** Takes the mapping away. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    check(nativeLibrary().symbols.clipa_map_close(this.handle), "clipa_map_close");
  }
}
