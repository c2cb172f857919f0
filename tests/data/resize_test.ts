import assert from "node:assert/strict";
import {
  type Picture,
  type ResizeFilter,
  resizeImage,
} from "../../src/data/images/resize_image.ts";

interface Golden {
  kind: "noise" | "blocks" | "ramp";
  seed: number;
  size: [width: number, height: number];
  channels: 1 | 3;
  filter: ResizeFilter;
  crop: [left: number, top: number, width: number, height: number];
  out: [width: number, height: number];
  pixels: string;
}

const file = new URL("./goldens/resize.json", import.meta.url);
const { cases } = JSON.parse(Deno.readTextFileSync(file)) as { cases: Golden[] };

/** The picture of a golden case; make_resize_goldens.py has the same formula. */
function pictureOf({ kind, seed, size: [width, height], channels }: Golden): Picture {
  let state = seed;
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const noise = state >>> 24;
    return kind === "noise" ? noise : kind === "blocks" ? (noise >= 128 ? 255 : 0) : i * 7 % 256;
  });
  return { width, height, channels, pixels };
}

function cropOf([left, top, width, height]: Golden["crop"]) {
  return { left, top, width, height };
}

Deno.test("resizeImage gives Pillow's bytes when pictures shrink, grow and are cropped", () => {
  assert.ok(cases.length >= 60, "the golden file was read");
  for (const golden of cases) {
    const [width, height] = golden.out;
    const seen = resizeImage(
      pictureOf(golden),
      width,
      height,
      golden.filter,
      cropOf(golden.crop),
    );
    const wanted = Uint8Array.from(atob(golden.pixels), (char) => char.charCodeAt(0));
    const { pixels: _pixels, ...name } = golden;
    assert.deepEqual(seen.pixels, wanted, JSON.stringify(name));
  }
});

Deno.test("resizeImage copies the picture when the size stays", () => {
  for (const filter of ["bilinear", "bicubic"] as const) {
    const picture = pictureOf({ ...cases[0], size: [13, 9], channels: 3 });
    assert.deepEqual(resizeImage(picture, 13, 9, filter).pixels, picture.pixels);
  }
});

Deno.test("resizeImage keeps a constant picture constant when the filter has negative weights", () => {
  const pixels = new Uint8Array(31 * 17).fill(255);
  const small = resizeImage({ width: 31, height: 17, channels: 1, pixels }, 12, 40, "bicubic");
  assert.ok(small.pixels.every((value) => value === 255));
});

Deno.test("resizeImage refuses crops outside the picture and pixels of another size", () => {
  const picture = pictureOf({ ...cases[0], size: [8, 6], channels: 1 });
  const refused = (crop: Golden["crop"], message: RegExp) =>
    assert.throws(() => resizeImage(picture, 4, 4, "bilinear", cropOf(crop)), message);
  refused([-0.5, 0, 4, 4], /crop lies outside/);
  refused([0, 0, 8.5, 6], /crop lies outside/);
  refused([0, 3, 8, 3.5], /crop lies outside/);
  refused([0, 0, 0, 6], /crop lies outside/);
  refused([0, 0, NaN, 6], /crop lies outside/);
  const short = { ...picture, pixels: picture.pixels.slice(1) };
  assert.throws(() => resizeImage(short, 4, 4, "bilinear"), /src_bytes/);
  const two = { ...picture, channels: 2 as 1 };
  assert.throws(() => resizeImage(two, 4, 4, "bilinear"), /channels must be 1 or 3/);
  for (const side of [0, 2.5, 70_000, NaN]) {
    assert.throws(() => resizeImage(picture, side, 4, "bilinear"), RangeError);
    assert.throws(() => resizeImage(picture, 4, side, "bilinear"), RangeError);
  }
});
