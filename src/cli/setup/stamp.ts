/** A small JSON file that a step leaves when it is done, so that the next start can skip it. */
export type Stamp = Record<string, unknown>;

/** Reads a stamp; `undefined` when there is none or it is damaged, which both mean "do it again". */
export function readStamp(path: string): Stamp | undefined {
  try {
    const value = JSON.parse(Deno.readTextFileSync(path));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a file whole or not at all: a reader never sees half of it. */
export function writeWhole(path: string, text: string): void {
  const folder = path.slice(0, path.lastIndexOf("/"));
  if (folder !== "") Deno.mkdirSync(folder, { recursive: true });
  const part = `${path}.part-${Deno.pid}`;
  Deno.writeTextFileSync(part, text);
  Deno.renameSync(part, path);
}

/** Writes a stamp; see {@link readStamp}. */
export function writeStamp(path: string, stamp: Stamp): void {
  writeWhole(path, JSON.stringify(stamp, null, 2) + "\n");
}

/** SHA-256 of a text or of bytes, in hexadecimal. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
