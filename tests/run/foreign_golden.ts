import { openSafetensors } from "../../src/checkpoint/safetensors.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";

/** What open_clip computes with random weights; see tests/checkpoint/foreign/goldens/open_clip_model.py. */
export interface OpenClipRecord {
  readonly config: {
    readonly model_cfg: {
      readonly vision_cfg: { readonly image_size: number };
      readonly text_cfg: { readonly context_length: number };
    };
  };
  readonly parameters: number;
  readonly batch: number;
  readonly image: readonly number[];
  readonly text: readonly number[];
}

const FOLDER = new URL("../checkpoint/foreign/goldens/", import.meta.url);

/** Path of a golden file. */
export function goldenPath(name: string): string {
  return decodeURIComponent(new URL(name, FOLDER).pathname);
}

/** A record of open_clip. */
export function readRecord(path: string): OpenClipRecord {
  return JSON.parse(Deno.readTextFileSync(path));
}

/** The inputs of a record: the same hash of the index as in the script. */
export function recordInputs({ config, batch }: OpenClipRecord) {
  const { image_size: size } = config.model_cfg.vision_cfg;
  const { context_length: tokens } = config.model_cfg.text_cfg;
  return {
    pixels: Uint8Array.from(
      { length: batch * size * size * 3 },
      (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
    ),
    ids: Int32Array.from({ length: batch * tokens }, (_, i) => (i * 37 + 5) % 257),
  };
}

/** A tokenizer of few pieces, for models whose captions do not matter. */
export function smallTokenizer(): Tokenizer {
  return new Tokenizer(trainBpe(["red cat", "black cat", "red cap"]), "jax");
}

/** All tensors of a file of float32, by name. */
export function allTensors(path: string) {
  const file = openSafetensors(path);
  return new Map(file.names.map((name) => {
    const { shape, data } = file.tensor(name);
    return [name, { shape, data }];
  }));
}
