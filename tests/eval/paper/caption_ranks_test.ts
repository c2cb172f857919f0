import assert from "node:assert/strict";
import { captionRanks } from "../../../src/eval/paper/caption_ranks.ts";
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
    // More pictures than a tile, and no multiple of four.
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
  const count = 300;
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
  assert.ok(seen.length < 5, `${seen}`);
});
