import assert from "node:assert/strict";
import type { EvalEncoder } from "../../src/eval/eval_encoder.ts";
import { evaluateModel } from "../../src/eval/evaluate.ts";
import { classifyShards, retrieveShards } from "../../src/eval/evaluate_shards.ts";
import { retrieval } from "../../src/eval/retrieval.ts";
import { grayPng, type SampleFiles, writeShard } from "../data/shard_fixture.ts";
import { randomRows } from "./random_rows.ts";

const SIDE = 4, WIDTH = 6;
const TEMPLATES = ["a {}", "a drawing of a {}"];
const CLASSES = Array.from({ length: 9 }, (_, i) => `thing ${i}`);

const gray = (level: number) => grayPng(SIDE, SIDE, new Uint8Array(SIDE * SIDE).fill(level));
const rowOf = (seed: number) => randomRows(1, WIDTH, seed);
const textSeed = (text: string) =>
  [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7);
const join = (rows: Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));
const embedAll = (texts: readonly string[]) => join(texts.map((text) => rowOf(textSeed(text))));
const isCut = (text: string) => text.endsWith("3");

/** Embeds a flat picture by its level and a text by its letters. */
function fakeEncoder(calls: number[] = []): EvalEncoder {
  return {
    engine: "native",
    provider: "cpu",
    width: WIDTH,
    resolution: SIDE,
    textTokens: 8,
    filter: "bilinear",
    embedPixels(pixels) {
      const count = pixels.length / (SIDE * SIDE * 3);
      calls.push(count);
      const rows = Array.from({ length: count }, (_, i) => rowOf(pixels[i * SIDE * SIDE * 3]));
      return Promise.resolve(join(rows));
    },
    embedTexts: (texts) =>
      Promise.resolve({
        features: embedAll(texts),
        truncated: texts.filter(isCut).length / texts.length,
      }),
  };
}

async function withShards(
  shards: readonly Readonly<Record<string, SampleFiles>>[],
  body: (paths: string[]) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    const paths = shards.map((samples, i) => {
      writeShard(`${dir}/part-${i}.tar`, samples);
      return `${dir}/part-${i}.tar`;
    });
    await body(paths);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** `count` samples from the number `first` on; picture, class and caption follow from the number. */
const samples = (count: number, first = 0): Record<string, SampleFiles> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => {
    const n = first + i;
    return [`k${n}`, { png: gray(n), cls: `${n % CLASSES.length}`, txt: `caption ${n}` }];
  }));

const common = { bench: "mine", dataSet: "part-*.tar" };

Deno.test("classifyShards equals evaluateModel on all pictures at once when chunks are small", async () => {
  const [whole] = await evaluateModel({
    width: WIDTH,
    resolution: SIDE,
    textTokens: 8,
    embedImages: (rows) => join(rows.map(rowOf)),
    embedTexts: (texts) => fakeEncoder().embedTexts(texts),
  }, {
    kind: "classification",
    name: "mine",
    split: "shards",
    classes: CLASSES,
    rows: Array.from({ length: 100 }, (_, i) => i),
    labels: Array.from({ length: 100 }, (_, i) => i % CLASSES.length),
  }, { templates: TEMPLATES });
  assert.ok(whole.kind === "zero-shot" && whole.top5 > whole.top1 && whole.top1 > 0);
  await withShards([samples(41), samples(59, 41)], async (shards) => {
    const calls: number[] = [];
    const progress: [number, number][] = [];
    const { result, skipped } = await classifyShards(fakeEncoder(calls), CLASSES, TEMPLATES, {
      ...common,
      shards,
      chunk: 7,
      onProgress: (pictures, done) => progress.push([pictures, done]),
    });
    assert.deepEqual(result, { ...whole, dataSet: "part-*.tar", skipped: 0 });
    assert.deepEqual(skipped, []);
    assert.ok(calls.length > 10 && Math.max(...calls) <= 7, "memory holds small chunks");
    assert.deepEqual(progress.at(-1), [100, 2]);
  });
});

Deno.test("retrieveShards equals retrieval on all pairs at once when chunks are small", async () => {
  await withShards([samples(30), samples(50, 30)], async (shards) => {
    const { result } = await retrieveShards(fakeEncoder(), { ...common, shards, chunk: 8 });
    const captions = Array.from({ length: 80 }, (_, i) => `caption ${i}`);
    const images = join(captions.map((_, i) => rowOf(i)));
    assert.deepEqual(result, {
      kind: "retrieval",
      bench: "mine",
      dataSet: "part-*.tar",
      split: "shards",
      resolution: SIDE,
      textTokens: 8,
      truncatedPrompts: captions.filter(isCut).length / 80,
      skipped: 0,
      captions: "txt",
      ...retrieval(images, embedAll(captions), WIDTH),
    });
  });
});

Deno.test("classifyShards leaves a bad sample out of n and tells why when others are whole", async () => {
  const bad = {
    ...samples(5),
    cut: { png: gray(1).subarray(0, 40), cls: "1" },
    label: { png: gray(1) },
    other: { json: "{}", cls: "1" },
  };
  await withShards([bad], async (shards) => {
    const { result, skipped } = await classifyShards(fakeEncoder(), CLASSES, TEMPLATES, {
      ...common,
      shards,
    });
    assert.deepEqual([result.n, result.skipped], [5, 3]);
    assert.deepEqual(
      skipped.map(({ reason, count }) => [reason, count]).toSorted(),
      [["no label", 1], ["no picture", 1], ["unreadable picture", 1]],
    );
    assert.match(skipped[0].examples[0], /^part-0\.tar, byte \d+, /);
  });
});

Deno.test("classifyShards and retrieveShards say what is missing when no sample can be used", async () => {
  await withShards([{ a: { png: gray(1), txt: "x" } }], async (shards) => {
    await assert.rejects(
      classifyShards(fakeEncoder(), CLASSES, TEMPLATES, { ...common, shards }),
      /1 shards hold no sample to evaluate \(left out: 1 × no label.*allowed: .*key\.cls/,
    );
  });
  await withShards([{ a: { png: gray(1), cls: "0" } }, {}], async (shards) => {
    await assert.rejects(
      retrieveShards(fakeEncoder(), { ...common, shards }),
      /2 shards hold no sample to evaluate \(left out: 1 × no text.*key\.txt/,
    );
  });
});

Deno.test("classifyShards refuses a published name of another size before it embeds", async () => {
  await withShards([samples(3)], async (shards) => {
    const calls: number[] = [];
    const options = { ...common, bench: "ImageNet", shards };
    await assert.rejects(
      classifyShards(fakeEncoder(calls), CLASSES, TEMPLATES, options),
      /bench "ImageNet": seen 3 pictures, 9 classes; the name stands for 50000/,
    );
    await assert.rejects(
      retrieveShards(fakeEncoder(calls), { ...options, bench: "mscoco" }),
      /seen 3 pairs; the name stands for 5000 pictures, 5 captions each/,
    );
    assert.deepEqual(calls, [], "nothing was embedded");
  });
});

Deno.test("classifyShards tells its numbers without the name when a sample of a published set is bad", async () => {
  // The smallest published set: 1,880 textures of 47 classes.
  const names = Array.from({ length: 47 }, (_, i) => `texture ${i}`);
  const picture = gray(0);
  const all: Record<string, SampleFiles> = {};
  for (let i = 0; i < 1880; i++) all[`k${i}`] = { png: picture, cls: `${i % 47}` };
  const evaluate = (shards: string[]) =>
    classifyShards(fakeEncoder(), names, ["a {}"], { ...common, bench: "DTD", shards });
  await withShards([all], async (shards) => {
    assert.equal((await evaluate(shards)).result.n, 1880);
  });
  await withShards([{ ...all, k7: { png: "cut", cls: "7" } }], async (shards) => {
    await assert.rejects(
      evaluate(shards),
      /bench "DTD": seen 1879 pictures.*left out: 1 × unreadable picture.*these 1879 have top-1 0\.0/,
    );
  });
});

Deno.test("classifyShards gives 0 when every class has the same embedding", async () => {
  const encoder = {
    ...fakeEncoder(),
    embedTexts: (texts: readonly string[]) =>
      Promise.resolve({ features: join(texts.map(() => rowOf(1))), truncated: 0 }),
  };
  await withShards([samples(20)], async (shards) => {
    const { result } = await classifyShards(encoder, CLASSES, TEMPLATES, { ...common, shards });
    assert.deepEqual([result.top1, result.top5], [0, 0]);
  });
});

Deno.test("classifyShards refuses when the encoder returns another shape", async () => {
  const encoder = { ...fakeEncoder(), embedPixels: () => Promise.resolve(new Float32Array(3)) };
  await withShards([samples(2)], async (shards) => {
    await assert.rejects(
      classifyShards(encoder, CLASSES, TEMPLATES, { ...common, shards }),
      /embedPixels: seen 3 values; allowed: \[2, 6\]/,
    );
  });
});
