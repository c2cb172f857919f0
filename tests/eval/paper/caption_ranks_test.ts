import assert from "node:assert/strict";
import { captionRanks } from "../../../src/eval/paper/caption_ranks.ts";
import { dot } from "../../../src/eval/dot_rows.ts";
import { retrieval } from "../../../src/eval/retrieval.ts";
import { hashedFloats, hashedIntegers } from "../../goldens/hashed.ts";

const WIDTH = 5;

/** The definition, with the whole table of scores and a sort. */
function bruteForce(images: Float32Array, texts: Float32Array, imageOf: ArrayLike<number>) {
  const count = images.length / WIDTH, textCount = texts.length / WIDTH;
  const score = (t: number, i: number) => {
    let sum = 0;
    for (let k = 0; k < WIDTH; k++) sum += texts[t * WIDTH + k] * images[i * WIDTH + k];
    return sum;
  };
  const all = (n: number) => Array.from({ length: n }, (_, i) => i);
  // The right one sorts behind its ties (worst) or before them (best).
  const place = (own: number, others: number[], tiesFirst: boolean) =>
    others.filter((other) => tiesFirst ? other >= own : other > own).length;
  const i2t = (tiesFirst: boolean) =>
    all(count).map((i) => {
      const own = Math.max(
        ...all(textCount).filter((t) => imageOf[t] === i).map((t) => score(t, i)),
      );
      return place(
        own,
        all(textCount).filter((t) => imageOf[t] !== i).map((t) => score(t, i)),
        tiesFirst,
      );
    });
  const t2i = (tiesFirst: boolean) =>
    all(textCount).map((t) =>
      place(
        score(t, imageOf[t]),
        all(count).filter((i) => i !== imageOf[t]).map((i) => score(t, i)),
        tiesFirst,
      )
    );
  return { i2t, t2i };
}

Deno.test("captionRanks agrees with a sort of all scores, ties included", async () => {
  for (const [seed, grid] of [["floats", 0], ["many ties", 3]] as const) {
    const numbers = (name: string, count: number) =>
      grid === 0
        ? hashedFloats(`${seed} ${name}`, count, -1, 1)
        : Float32Array.from(hashedIntegers(`${seed} ${name}`, count, 0, grid));
    // Few enough for one block.
    const images = numbers("images", 71 * WIDTH), texts = numbers("texts", 190 * WIDTH);
    const imageOf = Int32Array.from({ length: 190 }, (_, t) => (t * 29) % 71);
    const seen = await captionRanks(images, texts, WIDTH, imageOf);
    const wanted = bruteForce(images, texts, imageOf);
    assert.deepEqual([...seen.i2t.worst], wanted.i2t(true));
    assert.deepEqual([...seen.i2t.best], wanted.i2t(false));
    assert.deepEqual([...seen.t2i.worst], wanted.t2i(true));
    assert.deepEqual([...seen.t2i.best], wanted.t2i(false));
    const tied = seen.t2i.worst.some((rank, t) => rank !== seen.t2i.best[t]);
    assert.equal(tied, grid > 0, "the second case has ties, the first none");
  }
});

/** The ranks by scores in float64 alone, one after the other. */
function plainRanks(images: Float32Array, texts: Float32Array, width: number, imageOf: Int32Array) {
  const count = images.length / width, textCount = texts.length / width;
  const score = (t: number, i: number) => dot(texts, t, images, i, width);
  const best = new Float64Array(count).fill(-Infinity);
  const own = Float64Array.from(imageOf, (i, t) => score(t, i));
  own.forEach((value, t) => best[imageOf[t]] = Math.max(best[imageOf[t]], value));
  const zeros = (n: number) => ({ worst: new Int32Array(n), best: new Int32Array(n) });
  const i2t = zeros(count), t2i = zeros(textCount);
  for (let t = 0; t < textCount; t++) {
    for (let i = 0; i < count; i++) {
      if (i === imageOf[t]) continue;
      const seen = score(t, i);
      if (seen >= own[t]) t2i.worst[t]++;
      if (seen > own[t]) t2i.best[t]++;
      if (seen >= best[i]) i2t.worst[i]++;
      if (seen > best[i]) i2t.best[i]++;
    }
  }
  return { i2t, t2i };
}

Deno.test("captionRanks decides over blocks as float64 does: equal rows, last bits, lengths far apart", async () => {
  // More rows than a block on both sides, and no multiple of one.
  const width = 24, count = 530, textCount = 2100;
  const imageOf = Int32Array.from({ length: textCount }, (_, t) => (t * 37) % count);
  const cases: [string, (images: Float32Array, texts: Float32Array) => void][] = [
    ["one rank apart in the last bits", (images, texts) => {
      // Every second picture is the one before it with one number a last bit larger.
      for (let i = 1; i < count; i += 2) {
        images.copyWithin(i * width, (i - 1) * width, i * width);
        images[i * width + i % width] *= 1 + 2 ** -23;
      }
      // Captions far from each other in the table that are equal.
      for (let t = 0; t < 40; t++) {
        texts.copyWithin((textCount - 1 - t) * width, t * width, (t + 1) * width);
      }
    }],
    ["lengths from 1e-20 to 1e19", (images, texts) => {
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < width; k++) images[i * width + k] *= 10 ** (i % 40 - 20);
      }
      for (let t = 0; t < textCount; t++) {
        for (let k = 0; k < width; k++) texts[t * width + k] *= 10 ** (t % 31 - 15);
      }
    }],
    ["sums that overflow in float32", (images, texts) => {
      for (let at = 0; at < images.length; at++) images[at] *= 1e20;
      for (let at = 0; at < texts.length; at++) texts[at] *= 1e18;
    }],
  ];
  for (const [name, change] of cases) {
    const images = hashedFloats("images", count * width, -1, 1);
    const texts = hashedFloats("texts", textCount * width, -1, 1);
    change(images, texts);
    const seen = await captionRanks(images, texts, width, imageOf);
    assert.deepEqual(seen, plainRanks(images, texts, width, imageOf), name);
  }
});

Deno.test("captionRanks gives what retrieval gives when each picture has one caption", async () => {
  const images = hashedFloats("a", 40 * WIDTH, -1, 1), texts = hashedFloats("b", 40 * WIDTH, -1, 1);
  const { i2t, t2i } = await captionRanks(
    images,
    texts,
    WIDTH,
    Int32Array.from({ length: 40 }, (_, i) => i),
  );
  const pairs = retrieval(images, texts, WIDTH);
  const share = (ranks: Int32Array, depth: number) =>
    ranks.filter((rank) => rank < depth).length / 40;
  for (const [name, depth] of [["r1", 1], ["r5", 5], ["r10", 10]] as const) {
    assert.equal(share(i2t.worst, depth), pairs.i2t[name]);
    assert.equal(share(t2i.worst, depth), pairs.t2i[name]);
  }
});

Deno.test("captionRanks counts what is not a number against the query", async () => {
  const images = Float32Array.of(1, NaN, 0), texts = Float32Array.of(1, 1, 1);
  const { i2t, t2i } = await captionRanks(images, texts, 1, [0, 1, 2]);
  assert.deepEqual([...i2t.worst], [2, 2, 2]);
  assert.deepEqual([...t2i.best], [1, 2, 2]);
});

Deno.test("captionRanks names what does not fit together", async () => {
  const two = Float32Array.of(1, 0, 0, 1);
  const ranks = (imageOf: number[]) => captionRanks(two, two, 2, imageOf);
  await assert.rejects(ranks([0]), /imageOf: seen 1; allowed: one for each of 2/);
  await assert.rejects(ranks([0, 2]), /imageOf\[1\]: seen 2; allowed: 0 to 1/);
  await assert.rejects(ranks([0, 0]), /picture 1 has no caption/);
});

Deno.test("captionRanks lets others have their turn, and stops when it is told", async () => {
  const count = 1600; // rows of four blocks
  const images = hashedFloats("a", count * WIDTH, -1, 1);
  const own = Int32Array.from({ length: count }, (_, i) => i);
  const controller = new AbortController();
  const seen: number[] = [];
  const work = captionRanks(images, images, WIDTH, own, {
    signal: controller.signal,
    onPictures: (done) => seen.push(done),
  });
  setTimeout(() => controller.abort(new DOMException("stopped", "AbortError")), 0);
  await assert.rejects(work, { name: "AbortError" });
  assert.ok(seen.length < 3, `${seen}`);
});
