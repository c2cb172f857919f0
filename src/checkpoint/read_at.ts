/**
 * Reads bytes of an open file.
 *
 * @throws {SyntaxError} when the file ends before them.
 */
export function readAt(file: Deno.FsFile, at: number, bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  readInto(file, at, out);
  return out;
}

/** {@linkcode readAt} into memory that is there already. */
export function readInto(file: Deno.FsFile, at: number, out: Uint8Array): void {
  file.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < out.length;) {
    const read = file.readSync(out.subarray(done));
    if (read === null) throw new SyntaxError(`the file ends at byte ${at + done}`);
    done += read;
  }
}
