import { encodeTarHeader, TAR_BLOCK } from "./tar_header.ts";

/** Writes one webdataset shard; see {@link createShardWriter}. */
export interface ShardWriter extends Disposable {
  /** Samples so far. */
  readonly count: number;
  /** Append a sample: its files by extension, in order, such as `[["png", …], ["txt", …]]`. */
  add(key: string, files: readonly (readonly [extension: string, bytes: Uint8Array])[]): void;
  /** Write the end mark, flush to the disk and give the file its name. */
  close(): { path: string; bytes: number; count: number };
}

/**
 * Start a webdataset shard (a tar of `key.extension` files, the files of a sample side by side).
 * It grows under a temporary name and gets its own only in `close`; disposing before deletes it.
 * Equal input gives equal bytes.
 *
 * @example
 * ```ts ignore
 * using shard = createShardWriter("train-00000.tar");
 * shard.add("000000001", [["png", png], ["txt", new TextEncoder().encode("umbrella")]]);
 * shard.close();
 * ```
 */
export function createShardWriter(path: string): ShardWriter {
  const temporary = `${path}.partial`;
  const file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
  const buffer = new Uint8Array(1 << 20);
  let used = 0, bytes = 0, count = 0, open = true;

  const flush = () => {
    for (let at = 0; at < used;) at += file.writeSync(buffer.subarray(at, used));
    used = 0;
  };
  const write = (data: Uint8Array) => {
    bytes += data.length;
    for (let at = 0; at < data.length;) {
      const n = Math.min(data.length - at, buffer.length - used);
      buffer.set(data.subarray(at, at + n), used);
      used += n;
      at += n;
      if (used === buffer.length) flush();
    }
  };
  const zeros = new Uint8Array(2 * TAR_BLOCK);

  return {
    get count() {
      return count;
    },
    add(key, files) {
      if (!/^[^./\0][^.\0]*$/.test(key)) {
        throw new RangeError(`${path}: sample key "${key}"; no dot, leading slash or NUL allowed`);
      }
      for (const [extension, data] of files) {
        write(encodeTarHeader(`${key}.${extension}`, data.length));
        write(data);
        const padding = -data.length & (TAR_BLOCK - 1);
        write(zeros.subarray(0, padding));
      }
      count++;
    },
    close() {
      write(zeros);
      flush();
      file.syncSync();
      file.close();
      open = false;
      Deno.renameSync(temporary, path);
      return { path, bytes, count };
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      file.close();
      Deno.removeSync(temporary);
    },
  };
}
