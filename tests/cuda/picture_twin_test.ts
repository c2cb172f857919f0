import assert from "node:assert/strict";
import type { AugmentRecipe } from "../../src/config/stage_recipe.ts";
import { drawColours } from "../../src/data/augment/draw_colours.ts";
import { drawCrop } from "../../src/data/augment/draw_crop.ts";
import { drawShape } from "../../src/data/augment/draw_shape.ts";
import { type ImageJob, ImageJobs } from "../../src/data/images/image_jobs.ts";
import { RawLibrary } from "./raw_library.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const CPU = `${ROOT}/build/cpu/libclipa_cpu.so`;
const EMULATED = `${ROOT}/build/cpu/libclipa_cuda_emulated.so`;

type Augment = Omit<AugmentRecipe, "area" | "aspect">;

const STILL: Augment = {
  inkPaper: 0,
  invert: 0,
  jitter: { probability: 0, strength: 0 },
  gray: 0,
  flip: 0,
};
const WARP = { rotate: 30, shear: 0.2, scale: [0.7, 1.3], shift: 0.1 } as const;

const AUGMENTS: Readonly<Record<string, Augment>> = {
  "crops alone": STILL,
  flipped: { ...STILL, flip: 1 },
  "ink on paper": { ...STILL, inkPaper: 1, invert: 0.5, flip: 0.5 },
  gray: { ...STILL, gray: 1 },
  "strokes and maps": { ...STILL, stroke: 3, warp: WARP },
  "all colours": {
    inkPaper: 0.5,
    invert: 0.2,
    jitter: { probability: 1, strength: 1 },
    gray: 0.2,
    flip: 0.5,
    stroke: 1,
    warp: WARP,
  },
};

const COUNT = 6;

/** Pictures of both kinds in one file, with smooth parts and edges. */
function store(path: string, size: number): { offset: number; channels: number }[] {
  const places: { offset: number; channels: number }[] = [];
  const bytes: number[] = [];
  for (let i = 0; i < COUNT; i++) {
    const channels = i % 2 === 0 ? 1 : 3;
    places.push({ offset: bytes.length, channels });
    for (let at = 0; at < size * size * channels; at++) {
      const x = Math.floor(at / channels) % size, y = Math.floor(at / channels / size);
      const inside = (x - size / 2) ** 2 + (y - size / 3) ** 2 < (size / 3) ** 2;
      bytes.push(inside ? (17 * x + 5 * y + 40 * (at % channels)) % 256 : 255 - (i * 9 + y) % 60);
    }
  }
  Deno.writeFileSync(path, new Uint8Array(bytes));
  return places;
}

function jobsOf(
  places: ReturnType<typeof store>,
  size: number,
  augment: Augment,
  area: readonly [number, number],
): ImageJobs {
  const jobs = new ImageJobs(COUNT);
  places.forEach(({ offset, channels }, row) => {
    const key = { seed: 3, epoch: 1, row };
    jobs.set(row, {
      ...{ offset, size, channels, crop: drawCrop(key, size, area, [0.5, 2]) },
      ...drawColours(key, channels, augment),
      ...drawShape(key, size, channels, augment),
    });
  });
  return jobs;
}

Deno.test("pictures on CUDA equal their twins on the CPU over sizes, filters and changes", async () => {
  const file = await Deno.makeTempFile();
  try {
    using cpu = new RawLibrary(CPU);
    using cuda = new RawLibrary(EMULATED);
    for (const [size, out] of [[16, 16], [16, 41], [31, 8], [33, 24], [64, 12]]) {
      const places = store(file, size);
      for (const [name, augment] of Object.entries(AUGMENTS)) {
        for (const filter of [0, 1]) {
          const whole = name === "crops alone" && filter === 0;
          const { bytes } = jobsOf(places, size, augment, [whole ? 1 : 0.2, 1]);
          const want = await cpu.pictures(file, bytes, COUNT, out, filter);
          const seen = await cuda.pictures(file, bytes, COUNT, out, filter);
          const differing = want.filter((value, i) => value !== seen[i]).length;
          const largest = want.reduce((most, v, i) => Math.max(most, Math.abs(v - seen[i])), 0);
          // A mean over a picture is added up in another order, which a pixel in a thousand may show.
          const limit = name === "all colours" ? [1, want.length / 1000] : [0, 0];
          const what =
            `${name}, ${size} to ${out} px, filter ${filter}: ${differing} by ${largest}`;
          assert.ok(largest <= limit[0] && differing <= limit[1], what);
        }
      }
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("pictures on CUDA are refused with the words of the CPU when a job is wrong", async () => {
  const file = await Deno.makeTempFile();
  try {
    using cpu = new RawLibrary(CPU);
    using cuda = new RawLibrary(EMULATED);
    const places = store(file, 16);
    const usual = (row: number): ImageJob => ({
      ...{ ...places[row], size: 16, crop: { left: 0, top: 0, width: 16, height: 16 } },
      ...{ colours: null, jitter: null, gray: false, flip: false, stroke: null, warp: null },
    });
    const wrong: [Partial<ImageJob>, RegExp][] = [
      [{ offset: 1e9 }, /picture 2: the picture lies outside the mapped file/],
      [{ channels: 2 }, /picture 2: channels must be 1 or 3/],
      [{ crop: { left: 4, top: 0, width: 16, height: 16 } }, /picture 2: the crop lies outside/],
      [{ stroke: 5 }, /picture 2: strokes change by -4 to 4/],
      [{ warp: [1, 0, NaN, 0, 1, 0] }, /picture 2: strokes change .* maps are finite/],
      [{ colours: { ink: [0, 0, 300], paper: [0, 0, 0] } }, /picture 2: ink and paper must lie/],
    ];
    for (const [change, message] of wrong) {
      const jobs = new ImageJobs(COUNT);
      for (let row = 0; row < COUNT; row++) {
        jobs.set(row, { ...usual(row), ...(row === 2 ? change : {}) });
      }
      for (const library of [cpu, cuda]) {
        await assert.rejects(library.pictures(file, jobs.bytes, COUNT, 8, 0), message);
      }
    }
  } finally {
    await Deno.remove(file);
  }
});
