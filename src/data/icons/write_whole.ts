import { createHash } from "node:crypto";

/** Write a text file so that it is there whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.partial`;
  {
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    file.syncSync();
  }
  Deno.renameSync(temporary, path);
}

/** SHA-256 of a file, read in pieces: hexadecimal, and its bytes. */
export function fileSha256(path: string): { sha256: string; bytes: number } {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(4 << 20);
  using file = Deno.openSync(path, { read: true });
  let bytes = 0;
  for (let n = file.readSync(buffer); n !== null; n = file.readSync(buffer)) {
    hash.update(buffer.subarray(0, n));
    bytes += n;
  }
  return { sha256: hash.digest("hex"), bytes };
}
