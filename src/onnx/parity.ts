import type { ClipModel } from "../model/clip_model.ts";
import { pairMacs } from "../model/model_cost.ts";
import { gridOf } from "../model/model_shape.ts";
import { FixedTensor } from "../tensor/fixed_tensor.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import { philox, unit } from "../tensor/random.ts";
import { Tape } from "../tensor/tape.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import type { ClipOnnx } from "./clip_onnx.ts";
import type { Parity } from "./model_card.ts";

/** What an exported graph has to reach in float32. */
export const PARITY_LIMITS: Parity = { cosineMin: 0.99999, maxAbs: 1e-5 };

/** Samples that are compared: so many, or as many as this work allows; at least two. */
const SAMPLES = 16;
const MULTIPLY_ADDS = 2e11;
const SEED = 0x70617269;

/** Inputs, and what the training library makes of them; the model is not needed any more. */
export interface ParityReference {
  /** u8 [samples, size, size, 3] */
  readonly pixels: Uint8Array;
  /** [samples, half of the patches] */
  readonly kept: Int32Array;
  /** [samples, textTokens] */
  readonly ids: Int32Array;
  /** Unit vectors [samples, width]. */
  readonly image: Float32Array;
  readonly masked: Float32Array;
  readonly text: Float32Array;
}

/**
 * Compares the graphs of an exported model with the training library on the same pictures and token
 * ids: noise of all contrasts, an empty page, captions of all lengths; once with half of the patches.
 *
 * @param weights Which copy was exported.
 */
export async function measureParity(
  model: ClipModel,
  weights: ParameterCopy,
  onnx: ClipOnnx,
): Promise<Parity> {
  return await compareGraphs(await parityReference(model, weights, onnx.tokenizer), onnx);
}

/** What the training library makes of the inputs of {@linkcode measureParity}. */
export async function parityReference(
  model: ClipModel,
  weights: ParameterCopy,
  tokenizer: ClipOnnx["tokenizer"],
): Promise<ParityReference> {
  const { context, shape, parameters } = model;
  const { imageSize: size, textTokens, spec } = shape;
  const get = (name: string) => parameters.copy(name, weights);
  const patches = gridOf(shape) ** 2;
  const count = Math.max(1, Math.floor(patches / 2));
  const work = pairMacs(spec, { patches, text: textTokens });
  const samples = Math.min(SAMPLES, Math.max(2, Math.floor(MULTIPLY_ADDS / work)));
  const values = {
    pixels: drawPixels(samples, size),
    ids: drawIds(samples, tokenizer, textTokens),
    kept: drawKept(samples, patches, count),
  };
  const input = (dims: number[], values: Uint8Array | Int32Array) =>
    new FixedTensor(
      context,
      dims,
      values instanceof Uint8Array ? { dtype: "u8", values } : { dtype: "i32", values },
    );
  using pixels = input([samples, size, size, 3], values.pixels);
  using ids = input([samples, textTokens], values.ids);
  using kept = input([samples, count], values.kept);
  using tape = new Tape(context);
  const image = tape.retain(model.embedImages(tape, pixels, { get }));
  const masked = tape.retain(model.embedImages(tape, pixels, { get, kept }));
  const text = tape.retain(model.embedTexts(tape, ids, { get }));
  using program = tape.compile();
  await program.run();
  return { ...values, image: image.read(), masked: masked.read(), text: text.read() };
}

/** The graphs against a reference that was made before. */
export async function compareGraphs(
  reference: ParityReference,
  onnx: ClipOnnx,
): Promise<Parity> {
  const { pixels, kept, ids } = reference;
  const { width } = onnx.card;
  return worst([
    compareRows(await onnx.embedImages(pixels), reference.image, width),
    compareRows(await onnx.embedImages(pixels, kept), reference.masked, width),
    compareRows(await onnx.embedIds(ids), reference.text, width),
  ]);
}

/** The lowest cosine and the largest difference of several. */
export function worst(found: readonly Parity[]): Parity {
  return {
    cosineMin: Math.min(...found.map(({ cosineMin }) => cosineMin)),
    maxAbs: Math.max(...found.map(({ maxAbs }) => maxAbs)),
  };
}

/** Whether a comparison keeps the limits; not-a-number does not. */
export function keepsParity({ cosineMin, maxAbs }: Parity): boolean {
  return cosineMin >= PARITY_LIMITS.cosineMin && maxAbs <= PARITY_LIMITS.maxAbs;
}

/** Compares two sets of rows [n, width]; not-a-number on either side is never near. */
export function compareRows(seen: Float32Array, wanted: Float32Array, width: number): Parity {
  if (seen.length !== wanted.length) {
    throw new TypeError(`seen ${seen.length} features; the library has ${wanted.length}`);
  }
  let cosineMin = 1, maxAbs = 0;
  for (let row = 0; row < seen.length; row += width) {
    let both = 0, a = 0, b = 0;
    for (let i = row; i < row + width; i++) {
      both += seen[i] * wanted[i];
      a += seen[i] ** 2;
      b += wanted[i] ** 2;
      maxAbs = Math.max(maxAbs, Math.abs(seen[i] - wanted[i]));
    }
    // Math.min and Math.max keep not-a-number.
    cosineMin = Math.min(cosineMin, both / Math.sqrt(a * b));
  }
  return { cosineMin, maxAbs };
}

/** Noise around grey whose contrast grows from sample to sample; the last picture is white. */
function drawPixels(samples: number, size: number): Uint8Array {
  const one = size * size * 3;
  const pixels = new Uint8Array(samples * one).fill(255);
  for (let i = 0; i < (samples - 1) * one; i++) {
    const contrast = (Math.floor(i / one) + 1) / samples;
    pixels[i] = Math.floor(128 + 256 * contrast * (unit(philox(SEED, 1, i, 0, 0, 0)[0]) - 0.5));
  }
  return pixels;
}

/** Captions of 1 to all tokens, of pieces at random, framed as the tokenizer does. */
function drawIds(samples: number, tokenizer: CaptionTokenizer, length: number): Int32Array {
  const ids = new Int32Array(samples * length);
  const { firstPiece } = tokenizer.rules;
  const room = tokenizer.room(length);
  for (let row = 0; row < samples; row++) {
    const pieces = Array.from(
      { length: 1 + row % room },
      (_, i) =>
        firstPiece + Math.floor(unit(philox(SEED, 2, row, i, 0, 0)[0]) * tokenizer.pieceCount),
    );
    tokenizer.frame(pieces, length, ids, row * length);
  }
  return ids;
}

/** Patches of each sample by the order of random numbers, [samples, count]. */
function drawKept(samples: number, patches: number, count: number): Int32Array {
  const kept = new Int32Array(samples * count);
  for (let row = 0; row < samples; row++) {
    const order = Array.from({ length: patches }, (_, i) => ({
      patch: i,
      by: philox(SEED, 3, row, i, 0, 0)[0],
    }));
    const chosen = order.sort((a, b) => a.by - b.by).slice(0, count).map(({ patch }) => patch);
    kept.set(chosen.sort((a, b) => a - b), row * count);
  }
  return kept;
}
