import assert from "node:assert/strict";
import type { ImageJob, Jitter } from "../../src/data/images/image_jobs.ts";
import { MappedFile } from "../../src/data/images/mapped_file.ts";
import { resizeImage } from "../../src/data/images/resize_image.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { philox } from "../../src/tensor/random.ts";
import { PLAIN_JOB, runJobs } from "./native_pictures.ts";

const SIDE = 8;

function noise(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, (_, i) => philox(seed, 0, i, 0, 0, 0)[0] >>> 24);
}

const COLOUR = noise(SIDE * SIDE * 3);
const GRAY = noise(SIDE * SIDE, 2);

/** The changes written out for one picture in double precision, through hue, saturation and value. */
function jittered(pixels: Uint8Array, jitter: Jitter): number[] {
  let values = [...pixels].map((value) => value / 255);
  const clipped = (list: number[]) => list.map((v) => Math.min(1, Math.max(0, v)));
  const throughHsv = (change: (hsv: number[]) => number[]) =>
    Array.from(
      { length: values.length / 3 },
      (_, i) => fromHsv(change(toHsv(values.slice(3 * i, 3 * i + 3)))),
    ).flat();
  const steps = [
    () => values.map((v) => v * jitter.brightness),
    () => {
      const mean = [0, 1, 2].map((c) =>
        values.reduce((sum, v, i) => sum + (i % 3 === c ? v : 0), 0) / (values.length / 3)
      );
      return values.map((v, i) => (v - mean[i % 3]) * jitter.contrast + mean[i % 3]);
    },
    () => throughHsv(([h, s, v]) => [h, Math.min(1, s * jitter.saturation), v]),
    () => throughHsv(([h, s, v]) => [(h + jitter.hue + 1) % 1, s, v]),
  ];
  for (const which of jitter.order) values = clipped(steps[which]());
  return values.map((v) => v * 255);
}

function toHsv([r, g, b]: number[]): number[] {
  const value = Math.max(r, g, b);
  const chroma = value - Math.min(r, g, b);
  if (chroma === 0) return [0, 0, value];
  const sixth = value === r
    ? ((g - b) / chroma + 6) % 6
    : value === g
    ? (b - r) / chroma + 2
    : (r - g) / chroma + 4;
  return [sixth / 6, chroma / value, value];
}

function fromHsv([h, s, v]: number[]): number[] {
  const sector = Math.floor(h * 6) % 6;
  const part = h * 6 - Math.floor(h * 6);
  const p = v * (1 - s), q = v * (1 - part * s), t = v * (1 - (1 - part) * s);
  return [[v, t, p], [q, v, p], [p, v, t], [p, q, v], [t, p, v], [v, p, q]][sector];
}

/** The bytes are the wanted levels, rounded either way where float32 and double differ. */
function assertLevels(seen: Uint8Array, wanted: readonly number[], name: string) {
  assert.equal(seen.length, wanted.length);
  seen.forEach((byte, i) => {
    assert.ok(Math.abs(byte - wanted[i]) < 0.51, `${name}: byte ${i}: ${byte}, ${wanted[i]}`);
  });
}

Deno.test("clipa_image_batch changes colours as hue, saturation and value say", async () => {
  const still = { brightness: 1, contrast: 1, saturation: 1, hue: 0, order: [0, 1, 2, 3] };
  const jitters: Jitter[] = [
    still,
    { ...still, brightness: 1.3 },
    { ...still, contrast: 0.7 },
    { ...still, saturation: 1.32 },
    { ...still, saturation: 0 },
    { ...still, hue: 0.08 },
    { ...still, hue: -0.08 },
    { ...still, hue: 0.5 },
    { brightness: 1.2, contrast: 1.3, saturation: 0.8, hue: 0.05, order: [3, 1, 0, 2] },
    { brightness: 0.7, contrast: 0.9, saturation: 1.3, hue: -0.07, order: [2, 3, 1, 0] },
    { brightness: 1.32, contrast: 1.32, saturation: 1.32, hue: 0.02, order: [1, 0, 3, 2] },
  ];
  const jobs = jitters.map((jitter): ImageJob => ({ ...PLAIN_JOB, jitter }));
  const out = await runJobs(COLOUR, jobs, SIDE);
  jitters.forEach((jitter, i) => {
    const seen = out.subarray(i * COLOUR.length, (i + 1) * COLOUR.length);
    assertLevels(seen, jittered(COLOUR, jitter), JSON.stringify(jitter));
  });
});

Deno.test("clipa_image_batch keeps gray pictures gray when hue and saturation change", async () => {
  const flat = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => Math.floor(i / 3) * 4);
  const jitter = { brightness: 1, contrast: 1, saturation: 1.3, hue: 0.3, order: [0, 1, 2, 3] };
  assert.deepEqual(await runJobs(flat, [{ ...PLAIN_JOB, jitter }], SIDE), flat);
});

Deno.test("clipa_image_batch mixes ink and paper by luminance, black on white by default", async () => {
  const plain = { ...PLAIN_JOB, channels: 1 };
  const ink = [200, 10, 0] as const, paper = [0, 255, 90] as const;
  const out = await runJobs(GRAY, [plain, { ...plain, colours: { ink, paper } }], SIDE);
  const half = out.length / 2;
  for (let i = 0; i < half; i++) {
    const luminance = GRAY[Math.floor(i / 3)];
    assert.equal(out[i], luminance);
    const wanted = ink[i % 3] + (paper[i % 3] - ink[i % 3]) * luminance / 255;
    assert.ok(Math.abs(out[half + i] - wanted) < 0.51, `${out[half + i]} ${wanted}`);
  }
});

Deno.test("clipa_image_batch mirrors and takes colours away when asked", async () => {
  const jobs = [{ ...PLAIN_JOB, flip: true }, { ...PLAIN_JOB, gray: true }];
  const out = await runJobs(COLOUR, jobs, SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = (y * SIDE + x) * 3;
      const [r, g, b] = COLOUR.subarray(at, at + 3);
      const mirrored = (y * SIDE + SIDE - 1 - x) * 3;
      assert.deepEqual([...out.subarray(mirrored, mirrored + 3)], [r, g, b]);
      const luma = out.subarray(COLOUR.length + at, COLOUR.length + at + 3);
      assert.ok(Math.abs(luma[0] - (0.299 * r + 0.587 * g + 0.114 * b)) < 0.51);
      assert.ok(luma[0] === luma[1] && luma[1] === luma[2]);
    }
  }
});

Deno.test("clipa_image_batch crops and resizes like resizeImage, wherever the picture lies", async () => {
  const gap = noise(100, 5);
  const file = Uint8Array.from([...gap, ...GRAY, ...COLOUR]);
  const crop = { left: 1.25, top: 0.5, width: 6, height: 5.75 };
  const jobs = [
    { ...PLAIN_JOB, crop, offset: gap.length, channels: 1 },
    { ...PLAIN_JOB, crop, offset: gap.length + GRAY.length },
  ];
  const out = await runJobs(file, jobs, 5);
  const square = { width: SIDE, height: SIDE } as const;
  const gray = resizeImage({ ...square, channels: 1, pixels: GRAY }, 5, 5, "bilinear", crop);
  const colour = resizeImage({ ...square, channels: 3, pixels: COLOUR }, 5, 5, "bilinear", crop);
  assert.deepEqual(
    out.subarray(0, 75),
    Uint8Array.from({ length: 75 }, (_, i) => gray.pixels[Math.floor(i / 3)]),
  );
  assert.deepEqual(out.subarray(75), colour.pixels);
});

Deno.test("clipa_image_batch names the picture when a job is impossible", async () => {
  const refused = async (job: Partial<ImageJob>, message: RegExp) =>
    await assert.rejects(
      runJobs(COLOUR, [PLAIN_JOB, { ...PLAIN_JOB, ...job }], SIDE),
      (error) => error instanceof NativeError && message.test(error.message),
    );
  await refused({ offset: 1 }, /picture 1: the picture lies outside the mapped file/);
  await refused({ offset: 2 ** 52 }, /picture 1: the picture lies outside/);
  await refused({ channels: 2 }, /picture 1: channels must be 1 or 3/);
  await refused({ size: 0 }, /picture 1: sides must be/);
  await refused({ size: 2 ** 20 }, /picture 1: sides must be/);
  await refused({ crop: { left: 0, top: 0, width: 9, height: 8 } }, /picture 1: the crop lies/);
  await refused({ crop: { left: NaN, top: 0, width: 8, height: 8 } }, /picture 1: the crop lies/);
  const colours = { ink: [0, 0, 256], paper: [0, 0, 0] } as const;
  await refused({ channels: 1, colours }, /picture 1: ink and paper must lie in 0..255/);
});

Deno.test("MappedFile says which file when it is missing, empty or a folder", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeFileSync(`${folder}/empty`, new Uint8Array());
    for (const path of [`${folder}/missing`, `${folder}/empty`, folder]) {
      assert.throws(
        () => new MappedFile(path),
        (error) => error instanceof NativeError && error.message.includes(path),
      );
    }
    Deno.writeFileSync(`${folder}/full`, COLOUR);
    const map = new MappedFile(`${folder}/full`);
    assert.equal(map.bytes, COLOUR.length);
    map[Symbol.dispose]();
    map[Symbol.dispose]();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
