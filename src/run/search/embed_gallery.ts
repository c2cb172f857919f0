import { RecordPictures } from "../../data/records/record_pictures.ts";
import type { EvalEncoder } from "../../eval/eval_encoder.ts";
import type { NativeContext } from "../../native/context.ts";
import type { EmbedRows } from "./cached_index.ts";
import type { IconGallery } from "./icon_gallery.ts";

const BATCH = 256;

/** Makes a function that embeds pictures of a gallery by number, for `cachedIndex`. */
export function galleryEmbedder(
  context: NativeContext,
  gallery: IconGallery,
  encoder: EvalEncoder,
  signal: AbortSignal | undefined,
): { embed: EmbedRows } & Disposable {
  const { resolution: size, filter, width } = encoder;
  const readers = new Map(
    gallery.splits.map((records) => [
      records,
      new RecordPictures(context, records, { size, filter, batch: BATCH }),
    ]),
  );
  const read = (number: number, end: number) => {
    const { records, row } = gallery.place(number);
    const count = Math.min(BATCH, end - number, records.count - row);
    const pixels = readers.get(records)!.read(row, count);
    // The error belongs to whoever awaits the pixels.
    pixels.catch(() => {});
    return { count, pixels };
  };
  return {
    async embed(first, count, onRows) {
      const vectors = new Float32Array(count * width), end = first + count;
      let next = read(first, end);
      for (let number = first; number < end;) {
        signal?.throwIfAborted();
        const { count: rows, pixels } = next;
        const ready = await pixels;
        // Prepared while the model works on this batch.
        if (number + rows < end) next = read(number + rows, end);
        vectors.set(await encoder.embedPixels(ready), (number - first) * width);
        number += rows;
        onRows(number - first);
      }
      return vectors;
    },
    [Symbol.dispose]() {
      for (const reader of readers.values()) reader[Symbol.dispose]();
    },
  };
}

/** The same for texts. */
export function textEmbedder(
  texts: readonly string[],
  encoder: EvalEncoder,
  signal: AbortSignal | undefined,
): EmbedRows {
  return async (first, count, onRows) => {
    const vectors = new Float32Array(count * encoder.width);
    for (let done = 0; done < count; done += BATCH) {
      signal?.throwIfAborted();
      const part = texts.slice(first + done, first + Math.min(count, done + BATCH));
      vectors.set((await encoder.embedTexts(part)).features, done * encoder.width);
      onRows(Math.min(count, done + BATCH));
    }
    return vectors;
  };
}
