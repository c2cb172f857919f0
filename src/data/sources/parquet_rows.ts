import {
  type AsyncBuffer,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** Largest row group, unpacked: one is in memory at a time. */
const MAX_GROUP_BYTES = 2 ** 30;
/** Most rows that are unpacked at once. */
const ROWS = 256;

/** Two columns of a Parquet file, a few hundred rows at a time; read in the worker of `parquet_worker.ts`. */
export class ParquetRows {
  readonly #file: Deno.FsFile;
  readonly #buffer: AsyncBuffer;

  constructor(path: string) {
    this.#file = Deno.openSync(path);
    this.#buffer = asyncBuffer(this.#file);
  }

  /** Names of the columns. */
  async names(): Promise<string[]> {
    const metadata = await parquetMetadataAsync(this.#buffer, { geoparquet: false });
    return parquetSchema(metadata).children.map(({ element }) => element.name);
  }

  /** The values of some columns, in the order of the rows. */
  async *read(columns: readonly string[]): AsyncGenerator<unknown[][]> {
    const metadata = await parquetMetadataAsync(this.#buffer, { geoparquet: false });
    let first = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows), bytes = Number(group.total_byte_size);
      if (!(rows >= 0 && bytes <= MAX_GROUP_BYTES)) {
        throw new SyntaxError(
          `a row group of ${rows} rows and ${bytes} bytes, where at most ${MAX_GROUP_BYTES} bytes are ` +
            "allowed",
        );
      }
      for (let start = first; start < first + rows; start += ROWS) {
        const end = Math.min(start + ROWS, first + rows);
        const read = await parquetReadObjects({
          file: this.#buffer,
          metadata,
          columns: [...columns],
          rowStart: start,
          rowEnd: end,
          compressors,
          // Bytes are pictures; columns marked as text come as text all the same.
          utf8: false,
          geoparquet: false,
        });
        if (read.length !== end - start) {
          throw new SyntaxError(
            `${read.length} rows from row ${start} on, ${end - start} promised`,
          );
        }
        yield read.map((row) => columns.map((name) => row[name]));
      }
      first += rows;
    }
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }
}

function asyncBuffer(file: Deno.FsFile): AsyncBuffer {
  const byteLength = file.statSync().size;
  return {
    byteLength,
    slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength)) {
        throw new SyntaxError(`bytes ${start} to ${end} of ${byteLength}`);
      }
      const out = new Uint8Array(end - start);
      file.seekSync(start, Deno.SeekMode.Start);
      for (let filled = 0; filled < out.length;) {
        const got = file.readSync(out.subarray(filled));
        if (got === null) throw new SyntaxError("the file has become shorter");
        filled += got;
      }
      return out.buffer;
    },
  };
}
