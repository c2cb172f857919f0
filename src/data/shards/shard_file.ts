import { basename } from "node:path";
import type { TarInput } from "./read_tar.ts";

/** A shard that is read in pieces, on disk or on a web server. */
export interface ShardFile {
  /** Path or address. */
  readonly name: string;
  /** What tells this version of the file from another; part of the state of a run. */
  readonly version: string;
  /**
   * A range of bytes.
   *
   * @throws {SyntaxError} when the file ends before it.
   */
  read(at: number, bytes: number): Promise<Uint8Array>;
  /** The bytes from one on, in order; what comes next is fetched meanwhile. */
  from(at: number): TarInput & Disposable;
}

/** How a shard is opened: by its path, or by its address. */
export type OpenShard = (name: string, signal?: AbortSignal) => Promise<ShardFile>;

/**
 * A shard on disk. Its version is its size: a copy with another date is the same shard.
 *
 * @throws {Error} when it cannot be opened.
 */
export async function openShardOnDisk(name: string): Promise<ShardFile> {
  const { size, isFile } = await Deno.stat(name);
  if (!isFile) throw new SyntaxError(`${name}: no file; allowed: webdataset tars`);
  return {
    name,
    version: `${size} bytes`,
    async read(at, bytes) {
      using file = await Deno.open(name, { read: true });
      await file.seek(at, Deno.SeekMode.Start);
      const out = new Uint8Array(bytes);
      for (let got = 0; got < bytes;) {
        const n = await file.read(out.subarray(got));
        if (n === null) throw endsEarly(name, at + got, bytes - got);
        got += n;
      }
      return out;
    },
    from(at) {
      const file = Deno.openSync(name, { read: true });
      file.seekSync(at, Deno.SeekMode.Start);
      return {
        name,
        read: (buffer) => file.read(buffer),
        async skip(bytes) {
          const here = await file.seek(0, Deno.SeekMode.Current);
          const over = Math.max(0, Math.min(bytes, size - here));
          await file.seek(over, Deno.SeekMode.Current);
          return over;
        },
        [Symbol.dispose]: () => file.close(),
      };
    },
  };
}

/** The error for a range beyond the end of a shard. */
export function endsEarly(name: string, at: number, missing: number): SyntaxError {
  return new SyntaxError(
    `${name}: ends at byte ${at}, ${missing} bytes too early; it has changed since it was read; ` +
      "put the old shard back, or start anew with another --out",
  );
}

/** Name of a shard in keys and messages: the last part of its path or address, without `.tar`. */
export function shardName(name: string): string {
  return basename(URL.parse(name)?.pathname ?? name, ".tar");
}
