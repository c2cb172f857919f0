import assert from "node:assert/strict";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { drawReductions } from "../../src/report/draw_reductions.ts";
import { reductionSheet } from "../../src/report/reduction_sheet.ts";
import { reduceCaptions, reducePictures } from "../../src/run/reduction_samples.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { makeSmallSet } from "../run/small_set.ts";

const tokenizer = new Tokenizer(trainBpe(["icon of red box", "icon of pale ring"]), "jax");

Deno.test("reductionSheet escapes names and marks dropped tokens", () => {
  const svg = reductionSheet({
    title: "a < b",
    imageLabels: ["36 & 9"],
    pictures: [{ name: "<script>", pngs: [Uint8Array.of(0, 255, 7)] }],
    textLabels: ["block"],
    captions: [{ pieces: ["a", " <b>", " c"], kept: [[1]] }],
  });
  assert.ok(svg.includes("a &lt; b") && svg.includes("36 &amp; 9") && !svg.includes("<script>"));
  assert.ok(svg.includes("base64,AP8H"));
  assert.ok(svg.includes("<tspan> &lt;b&gt;</tspan>"));
  assert.equal(svg.split("<tspan fill=").length - 1, 2);
});

Deno.test("reducePictures blanks the dropped patches and nothing else", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const { train } = makeSmallSet(dir);
    const [{ name, pngs }] = reducePictures(train, [3], [
      { strategy: "resize", size: 16, tokens: 16 },
      { strategy: "grid", size: 16, tokens: 4 },
    ], 4);
    assert.equal(name, "red cross");
    const [whole, masked] = await Promise.all(pngs.map((png) => decodeImage(png)));
    let same = 0;
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        const at = (y * 16 + x) * masked.channels;
        const stays = Math.floor(y / 4) % 2 === 0 && Math.floor(x / 4) % 2 === 0;
        assert.equal(masked.pixels[at], stays ? whole.pixels[at] : 214, `${y} ${x}`);
        if (stays) same++;
      }
    }
    assert.equal(same, 64);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("reduceCaptions gives pieces that spell the caption, and places of the kept ones", () => {
  const text = "icon of red box";
  const [{ pieces, kept }] = reduceCaptions([text], [
    { strategy: "truncation", tokens: 3 },
    { strategy: "truncation", tokens: 40 },
  ], tokenizer);
  assert.equal(pieces.join(""), text);
  assert.deepEqual(kept, [[0, 1], pieces.map((_, place) => place)]);
});

Deno.test("drawReductions draws a page when a data set is given", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const svg = drawReductions(makeSmallSet(dir).train, tokenizer);
    assert.equal(svg.split("<image").length - 1, 6 * 7);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
