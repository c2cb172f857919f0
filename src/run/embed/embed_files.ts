import { decodeImage } from "../../data/images/decode_image.ts";
import { squarePicture, writeRgb } from "../../data/images/square_picture.ts";
import type { EvalEncoder } from "../../eval/eval_encoder.ts";
import { cleanCaption } from "../../text/clean_caption.ts";
import { imageSource, type PictureItem, shardSource, textLines } from "./embed_sources.ts";
import { SkipList, type SkippedItems } from "./skipped_items.ts";
import { VectorFile, type VectorType, type WrittenVectors } from "./vector_file.ts";

/** What is embedded: picture files, shards, or the lines of a text file. */
export type EmbedSource =
  | { readonly images: string }
  | { readonly shards: string }
  | { readonly text: string };

/** Options of {@linkcode embedFiles}. */
export interface EmbedOptions {
  readonly source: EmbedSource;
  /** `.safetensors` or `.npy`; see {@linkcode VectorFile}. */
  readonly out: string;
  readonly type?: VectorType;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Units are files, or bytes of shards and texts; `count` is what was embedded. */
  readonly onProgress?: (done: number, total: number, count: number) => void;
}

/** What was embedded. */
export interface EmbedReport extends WrittenVectors {
  readonly width: number;
  readonly seconds: number;
  readonly skipped: readonly SkippedItems[];
  /** Share of the texts that were cut to fit, 0 to 1; 0 for pictures. */
  readonly truncated: number;
}

const BATCH = 64;
const TEXT_BATCH = 256;

/**
 * Embeds pictures or texts into a file, in their order. Pictures are decoded and resized while the
 * model works on those before them; memory holds two batches and a few pictures, however many there
 * are. What cannot be read is counted and left out.
 *
 * @throws {RangeError} when nothing fits the glob; {Error} when nothing could be embedded or the file
 * cannot be written. No file is left behind then.
 */
export async function embedFiles(
  encoder: EvalEncoder,
  options: EmbedOptions,
): Promise<EmbedReport> {
  const { source, out, type = "f32", metadata, signal } = options;
  const start = performance.now();
  const skipped = new SkipList();
  const { width } = encoder;
  using file = new VectorFile(out, { width, type, metadata });
  const truncated = "text" in source
    ? await embedLines(encoder, source.text, file, skipped, options)
    : await embedPictures(encoder, source, file, skipped, options);
  if (file.count === 0) {
    const [first] = skipped.reasons();
    throw new Error(
      `nothing could be embedded; ${
        first ? `${first.count} left out: ${first.examples[0]}` : "the source is empty"
      }`,
    );
  }
  signal?.throwIfAborted();
  const written = file.close();
  const seconds = (performance.now() - start) / 1000;
  return { ...written, width, seconds, skipped: skipped.reasons(), truncated };
}

async function embedPictures(
  encoder: EvalEncoder,
  source: Exclude<EmbedSource, { text: string }>,
  file: VectorFile,
  skipped: SkipList,
  { signal, onProgress }: EmbedOptions,
): Promise<number> {
  const side = encoder.resolution, one = side * side * 3;
  const { total, items } = "images" in source
    ? imageSource(source.images)
    : shardSource(source.shards, (key, message) => skipped.add(key, message));
  const parallel = 2 * navigator.hardwareConcurrency;
  let keys: string[] = [], pixels = new Uint8Array(BATCH * one);
  let forward: Promise<void> = Promise.resolve();
  const embed = async () => {
    // One batch at a time: the next one fills up meanwhile.
    await forward;
    const batch = { keys, pixels: pixels.subarray(0, keys.length * one) };
    [keys, pixels] = [[], new Uint8Array(BATCH * one)];
    forward = encoder.embedPixels(batch.pixels).then((rows) => file.add(batch.keys, rows));
    // Whoever awaits it gets the error.
    forward.catch(() => {});
  };
  const pending: Promise<Ready>[] = [];
  const take = async () => {
    const { item, rgb, fault } = await pending.shift()!;
    onProgress?.(item.at, total, file.count);
    if (rgb === null) return skipped.add(item.key, fault);
    pixels.set(rgb, keys.length * one);
    keys.push(item.key);
    if (keys.length === BATCH) await embed();
  };
  try {
    for await (const item of items) {
      signal?.throwIfAborted();
      const ready = prepare(item, encoder);
      ready.catch(() => {});
      pending.push(ready);
      if (pending.length >= parallel) await take();
    }
    while (pending.length > 0) await take();
    if (keys.length > 0) await embed();
    await forward;
  } finally {
    // The file must not be closed while a batch is on its way to it.
    await forward.catch(() => {});
  }
  onProgress?.(total, total, file.count);
  return 0;
}

interface Ready {
  readonly item: PictureItem;
  /** uint8 [side, side, 3]; null when the picture is left out. */
  readonly rgb: Uint8Array | null;
  readonly fault: string;
}

async function prepare(item: PictureItem, { resolution, filter }: EvalEncoder): Promise<Ready> {
  try {
    const form = { side: resolution, filter, fit: "squash" } as const;
    const square = squarePicture(await decodeImage(await item.read()), form);
    const rgb = new Uint8Array(resolution * resolution * 3);
    writeRgb(square, rgb, 0);
    return { item, rgb, fault: "" };
  } catch (error) {
    // A file of the user that is damaged, gone or closed to us; all else is an error of ours.
    const unreadable = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (unreadable) return { item, rgb: null, fault: `unreadable file: ${error.message}` };
    if (error instanceof SyntaxError) return { item, rgb: null, fault: error.message };
    throw error;
  }
}

async function embedLines(
  encoder: EvalEncoder,
  path: string,
  file: VectorFile,
  skipped: SkipList,
  { signal, onProgress }: EmbedOptions,
): Promise<number> {
  const total = Deno.statSync(path).size;
  let texts: string[] = [], cut = 0;
  const embed = async (at: number) => {
    signal?.throwIfAborted();
    if (texts.length > 0) {
      const { features, truncated } = await encoder.embedTexts(texts);
      file.add(texts, features);
      cut += truncated * texts.length;
    }
    texts = [];
    onProgress?.(at, total, file.count);
  };
  for await (const { text, number, at } of textLines(path)) {
    if (cleanCaption(text) === "") {
      skipped.add(`line ${number}`, "empty line: a text needs a visible character");
      continue;
    }
    texts.push(text);
    if (texts.length === TEXT_BATCH) await embed(at);
  }
  await embed(total);
  return file.count === 0 ? 0 : cut / file.count;
}
