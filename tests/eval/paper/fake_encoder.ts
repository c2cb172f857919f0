import type { EvalEncoder } from "../../../src/eval/eval_encoder.ts";
import { hashedFloats } from "../../goldens/hashed.ts";

const WIDTH = 8, SIDE = 8;

/** What a fake encoder was asked for. */
export interface Calls {
  pictures: number;
  texts: number;
}

/** Embeds a picture by random sums of its pixels, and a text by its letters; counts both. */
export function fakeEncoder(calls: Calls = { pictures: 0, texts: 0 }): EvalEncoder {
  const weights = hashedFloats("weights", SIDE * SIDE * 3 * WIDTH, -1, 1);
  return {
    engine: "native",
    provider: "cpu",
    width: WIDTH,
    resolution: SIDE,
    textTokens: 12,
    filter: "bilinear",
    embedPixels(pixels) {
      const one = SIDE * SIDE * 3, count = pixels.length / one;
      calls.pictures += count;
      const features = new Float32Array(count * WIDTH);
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < WIDTH; k++) {
          let sum = 0;
          for (let p = 0; p < one; p++) sum += (pixels[i * one + p] - 128) * weights[p * WIDTH + k];
          features[i * WIDTH + k] = sum;
        }
        normalize(features.subarray(i * WIDTH, (i + 1) * WIDTH));
      }
      return Promise.resolve(features);
    },
    embedTexts(texts) {
      calls.texts += texts.length;
      const features = new Float32Array(texts.length * WIDTH);
      texts.forEach((text, i) => {
        features.set(hashedFloats(text, WIDTH, -1, 1), i * WIDTH);
        normalize(features.subarray(i * WIDTH, (i + 1) * WIDTH));
      });
      const cut = texts.filter((text) => text.length > 40).length;
      return Promise.resolve({ features, truncated: cut / texts.length });
    },
  };
}

function normalize(vector: Float32Array) {
  const length = Math.hypot(...vector);
  vector.forEach((value, i) => vector[i] = value / length);
}
