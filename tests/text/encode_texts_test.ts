import assert from "node:assert/strict";
import { encodeTexts } from "../../src/text/encode_texts.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { CAPTIONS } from "./sample_captions.ts";

const tokenizer = new Tokenizer(trainBpe(CAPTIONS), "torch");

Deno.test("encodeTexts gives the rows of Tokenizer.encode when texts are many", () => {
  const { ids } = encodeTexts(tokenizer, CAPTIONS, 7);
  CAPTIONS.forEach((caption, i) => {
    const row = new Int32Array(7);
    tokenizer.encode(caption, 7, row, 0);
    assert.deepEqual(ids.subarray(7 * i, 7 * i + 7), row);
  });
});

Deno.test("encodeTexts counts a text as truncated only when a token was lost", () => {
  const texts = ["clock", "alarm clock", "clock camera", "clock camera clock"];
  const needed = texts.map((text) => tokenizer.encodeIds(text).length + 2);
  for (const length of [3, 4, 5, 9]) {
    const expected = needed.filter((tokens) => tokens > length).length / texts.length;
    assert.equal(encodeTexts(tokenizer, texts, length).truncated, expected);
  }
});

Deno.test("encodeTexts refuses a length without room when there is no text", () => {
  assert.equal(encodeTexts(tokenizer, [], 4).truncated, 0);
  assert.throws(() => encodeTexts(tokenizer, [], 2), /text tokens: seen 2/);
});
