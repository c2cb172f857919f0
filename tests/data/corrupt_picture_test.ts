import assert from "node:assert/strict";
import { type Corruption, corruptPicture } from "../../src/data/images/corrupt_picture.ts";
import type { Picture } from "../../src/data/images/resize_image.ts";
import { rotatePicture } from "../../src/data/images/rotate_picture.ts";

interface Golden {
  size: [width: number, height: number];
  channels: 1 | 3;
  degrees: number;
  seed: number;
  pixels: string;
}

const file = new URL("./goldens/rotate.json", import.meta.url);
const { cases } = JSON.parse(Deno.readTextFileSync(file)) as { cases: Golden[] };

/** The picture of a golden case; make_rotate_goldens.py has the same formula. */
function noise(width: number, height: number, channels: 1 | 3, seed: number): Picture {
  let state = seed;
  const pixels = Uint8Array.from({ length: width * height * channels }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { width, height, channels, pixels };
}

Deno.test("rotatePicture gives Pillow's pixels to one level when pictures are turned", () => {
  assert.ok(cases.length >= 8, "the golden file was read");
  for (const { size: [width, height], channels, degrees, seed, pixels } of cases) {
    const turned = rotatePicture(noise(width, height, channels, seed), degrees).pixels;
    const wanted = Uint8Array.from(atob(pixels), (char) => char.charCodeAt(0));
    assert.equal(turned.length, wanted.length);
    const worst = Math.max(...turned.map((value, i) => Math.abs(value - wanted[i])));
    assert.ok(worst <= 1, `${degrees} degrees: ${worst} levels apart`);
  }
});

Deno.test("corruptPicture turns about half of the samples to each side and always the same", async () => {
  const picture = noise(8, 8, 1, 1);
  const sides = { left: rotatePicture(picture, 90), right: rotatePicture(picture, -90) };
  let left = 0;
  for (let sample = 0; sample < 200; sample++) {
    const { pixels } = await corruptPicture(picture, { kind: "rotate", degrees: 90 }, sample);
    const isLeft = pixels.every((value, i) => value === sides.left.pixels[i]);
    if (!isLeft) assert.deepEqual(pixels, sides.right.pixels);
    left += Number(isLeft);
    const again = await corruptPicture(picture, { kind: "rotate", degrees: 90 }, sample);
    assert.deepEqual(again.pixels, pixels);
  }
  // Four standard errors of a fair coin.
  assert.ok(Math.abs(left - 100) < 4 * Math.sqrt(50), `${left} of 200`);
});

Deno.test("corruptPicture blurs by the Gaussian of its sigma when a single dot is given", async () => {
  const sigma = 1.7, side = 21, middle = 10;
  for (const channels of [1, 3] as const) {
    const pixels = new Uint8Array(side * side * channels);
    for (let c = 0; c < channels; c++) pixels[(middle * side + middle) * channels + c] = 255;
    const dot = { width: side, height: side, channels, pixels };
    const blurred = await corruptPicture(dot, { kind: "blur", sigma }, 0);
    assert.deepEqual([blurred.width, blurred.channels], [side, channels]);
    const weights = Array.from(
      { length: side },
      (_, i) => Math.exp(-((i - middle) ** 2) / (2 * sigma * sigma)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const wanted = 255 * weights[x] * weights[y] / (sum * sum);
        const seen = blurred.pixels[(y * side + x) * channels];
        // libvips rounds its weights and the first of two passes to whole levels.
        assert.ok(Math.abs(seen - wanted) <= 1.5, `${x}, ${y}: ${seen}, not ${wanted}`);
      }
    }
  }
});

Deno.test("corruptPicture keeps the size and changes the pixels when it writes a JPEG", async () => {
  for (const channels of [1, 3] as const) {
    // A dark disc on white: what icons are made of.
    const pixels = Uint8Array.from({ length: 64 * 64 * channels }, (_, i) => {
      const at = Math.floor(i / channels);
      return Math.hypot(at % 64 - 32, Math.floor(at / 64) - 30) < 20 ? 30 : 255;
    });
    const picture = { width: 64, height: 64, channels, pixels };
    const poor = await corruptPicture(picture, { kind: "jpeg", quality: 7 }, 0);
    const good = await corruptPicture(picture, { kind: "jpeg", quality: 95 }, 0);
    assert.deepEqual([poor.width, poor.height, poor.channels], [64, 64, channels]);
    const distance = ({ pixels }: Picture) =>
      pixels.reduce((total, value, i) => total + Math.abs(value - picture.pixels[i]), 0);
    assert.ok(distance(poor) > 3 * distance(good) && distance(good) > 0);
    // A flat picture has nothing to lose.
    const flat = { ...picture, pixels: picture.pixels.map(() => 255) };
    assert.deepEqual(
      (await corruptPicture(flat, { kind: "jpeg", quality: 7 }, 0)).pixels,
      flat.pixels,
    );
  }
});

Deno.test("corruptPicture gives the picture back when ink and paper are exchanged twice", async () => {
  const picture = noise(5, 4, 3, 9);
  const invert: Corruption = { kind: "invert" };
  const once = await corruptPicture(picture, invert, 0);
  assert.equal(once.pixels[0], 255 - picture.pixels[0]);
  assert.deepEqual(await corruptPicture(once, invert, 1), picture);
});
