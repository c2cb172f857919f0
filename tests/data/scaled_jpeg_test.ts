import assert from "node:assert/strict";
import sharp from "sharp";
import { drawCrop } from "../../src/data/augment/draw_crop.ts";
import { bakeSample } from "../../src/data/bake/bake_sample.ts";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { resizeImage } from "../../src/data/images/resize_image.ts";
import { cropOf, decodeScaled, fullPicture, shrinkFor } from "../../src/data/images/scaled_jpeg.ts";
import { inksToRgb } from "../../src/data/images/vips_jpeg.ts";
import { StreamLoader } from "../../src/data/stream/stream_loader.ts";
import { NativeContext } from "../../src/native/context.ts";
import { philox, unit } from "../../src/tensor/random.ts";
import { grayPng } from "./shard_fixture.ts";
import { loaderOptions, writeStreamShards } from "./stream_fixture.ts";

/** A made photograph: waves of every length, the longer the stronger, and edges. */
async function photo(number: number, width: number, height: number, quality = 88) {
  const pixels = new Uint8Array(3 * width * height);
  for (let c = 0; c < 3; c++) {
    const plane = new Float32Array(width * height);
    for (let i = 0; i < 14; i++) {
      const [a, b] = philox(number, i, c, 0, 0, 0);
      const frequency = 2 ** (i / 2) * Math.PI / 256, angle = 2 * Math.PI * unit(a);
      const right = Math.cos(angle) * frequency, down = Math.sin(angle) * frequency;
      const strength = 60 * 2 ** (-i / 2.5);
      for (let y = 0, at = 0; y < height; y++) {
        for (let x = 0; x < width; x++, at++) {
          plane[at] += strength * Math.sin(right * x + down * y + b);
        }
      }
    }
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const value = plane[at] + 110 + ((x >> 6) + (y >> 6)) % 2 * 40;
        pixels[3 * at + c] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  const raw = { width, height, channels: 3 } as const;
  return new Uint8Array(await sharp(pixels, { raw }).jpeg({ quality }).toBuffer());
}

function difference(a: Uint8Array, b: Uint8Array) {
  assert.equal(a.length, b.length);
  let sum = 0, largest = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = Math.abs(a[i] - b[i]);
    sum += gap;
    largest = Math.max(largest, gap);
  }
  return { mean: sum / a.length, largest };
}

Deno.test("shrinkFor leaves at least 1.5 pixels for one, and shrinks as far as that allows", () => {
  for (const size of [32, 112, 224]) {
    for (let side = size; side < 20 * size; side += 7) {
      const shrink = shrinkFor({ width: side, height: side + 40 }, size);
      assert.ok(shrink === 1 || side / shrink >= 1.5 * size, `${side} by ${shrink}`);
      assert.ok(shrink === 8 || side / (2 * shrink) < 1.5 * size, `${side} by ${shrink} only`);
    }
  }
});

Deno.test("cropOf stays inside the decoded picture for any crop of the file's", () => {
  for (let row = 0; row < 3000; row++) {
    const [a, b] = philox(5, row, 0, 0, 0, 0);
    const full = { width: 64 + a % 900, height: 64 + b % 900 };
    const shrink = ([2, 4, 8] as const)[row % 3];
    const [width, height] = [Math.floor(full.width / shrink), Math.floor(full.height / shrink)];
    const picture = {
      ...fullPicture({ width, height, channels: 1, pixels: new Uint8Array() }),
      full,
      shrink,
    };
    const whole = { left: 0, top: 0, ...full };
    const drawn = drawCrop({ seed: 1, epoch: 0, row }, full, [0.4, 1], [3 / 4, 4 / 3]);
    for (const crop of [whole, drawn]) {
      const part = cropOf(picture, crop);
      assert.ok(part.left >= 0 && Math.fround(part.left + part.width) <= width);
      assert.ok(part.top >= 0 && Math.fround(part.top + part.height) <= height);
      // What is missing is the rest of a block at most.
      assert.ok(crop.width - shrink * part.width < shrink, `${crop.width} of ${full.width}`);
      assert.ok(crop.height - shrink * part.height < shrink);
    }
  }
});

Deno.test("scaled decoding differs from the exact path by about a level of 255, and less the more pixels are left", async () => {
  for (const [number, width, height] of [[1, 257, 193], [2, 201, 301]]) {
    const jpeg = await photo(number, width, height);
    const exact = await decodeImage(jpeg);
    for (const shrink of [2, 4] as const) {
      const scaled = await decodeScaled(jpeg, () => shrink);
      assert.equal(scaled.shrink, shrink);
      const gaps = [1, 1.5, 3].map((left) => {
        const size = Math.floor(Math.min(width, height) / (shrink * left));
        for (const filter of ["bilinear", "bicubic"] as const) {
          const wanted = resizeImage(exact, size, size, filter).pixels;
          const crop = cropOf(scaled, { left: 0, top: 0, width, height });
          const gap = difference(resizeImage(scaled, size, size, filter, crop).pixels, wanted);
          if (left === 1.5) assert.ok(gap.mean < 1.5 && gap.largest <= 25, JSON.stringify(gap));
          if (filter === "bilinear") return gap.mean;
        }
        return NaN;
      });
      assert.ok(gaps[2] < gaps[0], `${gaps}`);
    }
  }
});

Deno.test("decodeScaled takes other files, small ones and damaged ones as decodeImage does", async () => {
  const jpeg = await photo(4, 200, 300);
  const png = grayPng(20, 16, new Uint8Array(320).fill(9));
  for (const bytes of [jpeg, png]) {
    const seen = await decodeScaled(bytes, () => 1);
    assert.deepEqual(seen, fullPicture(await decodeImage(bytes)));
  }
  assert.equal((await decodeScaled(png, () => 8)).shrink, 1);
  const noise = new Uint8Array(jpeg);
  noise.fill(0x55, jpeg.length >> 1);
  const broken = {
    cut: jpeg.slice(0, jpeg.length - 300),
    head: jpeg.slice(0, 100),
    noise,
    fake: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    const problem = async (decode: Promise<unknown>) => {
      const error = await decode.then(() => null, (error: Error) => error);
      return error && [error.name, error.message.split(":")[0]];
    };
    const exact = await problem(decodeImage(bytes));
    for (const shrink of [2, 4, 8] as const) {
      assert.deepEqual(
        await problem(decodeScaled(bytes, () => shrink)),
        exact,
        `${name} ${shrink}`,
      );
    }
    if (name !== "noise") assert.deepEqual(exact, ["SyntaxError", "unreadable picture"], name);
  }
  const limits = { maxPixels: 200 * 300 - 1 };
  await assert.rejects(decodeScaled(jpeg, () => 8, limits), /unreadable picture: .*at most 59999/);
  assert.equal((await decodeScaled(jpeg, () => 8, { maxPixels: 60_000 })).width, 25);
});

Deno.test("inksToRgb rounds as Pillow does", () => {
  // nk - MULDIV255(c, nk) for a few values, worked out by hand.
  assert.deepEqual([...inksToRgb(Uint8Array.of(0, 128, 255, 0))], [255, 127, 0]);
  assert.deepEqual([...inksToRgb(Uint8Array.of(10, 100, 200, 55))], [192, 122, 43]);
});

Deno.test("StreamLoader with scaled decoding: near the exact batches, the same for any workers and ranks", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const photos = await Promise.all([0, 1, 2, 3, 4].map((i) => photo(i, 90 + 13 * i, 100)));
    const shards = writeStreamShards(
      dir,
      2,
      ({ txt }, number) => ({ jpg: photos[number % 5], txt }),
    );
    const { augment } = loaderOptions(shards);
    const still = {
      ...augment,
      inkPaper: 0,
      invert: 0,
      gray: 0,
      jitter: { probability: 0, strength: 0 },
    };
    const options = loaderOptions(shards, { augment: still, size: 20 });
    const batches = async (changes: Partial<typeof options>) => {
      using context = new NativeContext({ threads: 1 });
      await using loader = new StreamLoader(context, { ...options, ...changes });
      const seen = [];
      for (let i = 0; i < 5; i++) {
        const { images, rows } = await loader.next();
        seen.push({ images: images.slice(), rows });
      }
      return seen;
    };
    const exact = await batches({}), scaled = await batches({ decode: "scaled" });
    assert.deepEqual(await batches({ decode: "exact" }), exact);
    assert.deepEqual(await batches({ decode: "scaled", workers: 5, keepBytes: 0 }), scaled);
    exact.forEach(({ images, rows }, i) => {
      assert.deepEqual(scaled[i].rows, rows);
      const { mean, largest } = difference(scaled[i].images, images);
      assert.ok(mean > 0 && mean < 2.5 && largest < 40, `batch ${i}: ${mean}, ${largest}`);
    });
    const parts = await Promise.all(
      [0, 1, 2].map((rank) => batches({ decode: "scaled", share: { rank, size: 3 } })),
    );
    scaled.forEach(({ images }, i) => {
      assert.deepEqual(Uint8Array.from(parts.flatMap((part) => [...part[i].images])), images);
    });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("bakeSample with scaled decoding comes near the exact record, for both fits", async () => {
  const files = new Map([["jpg", await photo(6, 333, 250)], [
    "txt",
    new TextEncoder().encode("a photo"),
  ]]);
  const sample = { key: "a", files, at: 0, end: 0 };
  for (const fit of ["squash", "crop"] as const) {
    const form = { side: 64, filter: "bilinear", fit } as const;
    const exact = await bakeSample(sample, "s", form);
    const scaled = await bakeSample(sample, "s", { ...form, decode: "scaled" });
    const { mean } = difference(scaled.pixels, exact.pixels);
    assert.ok(mean > 0 && mean < 1.5, `${fit}: ${mean}`);
  }
});
