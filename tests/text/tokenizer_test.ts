import assert from "node:assert/strict";
import { cleanCaption } from "../../src/text/clean_caption.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { hostileStrings } from "./hostile_strings.ts";
import { CAPTIONS } from "./sample_captions.ts";

const bpe = trainBpe(CAPTIONS);
const jax = new Tokenizer(bpe, "jax");
const torch = new Tokenizer(bpe, "torch");

/** The row of one caption, between two guard values that must stay. */
function row(tokenizer: Tokenizer, text: string, length: number): number[] {
  const out = new Int32Array(length + 2).fill(-7);
  tokenizer.encode(text, length, out, 1);
  assert.deepEqual([out[0], out[length + 1]], [-7, -7]);
  return [...out.subarray(1, length + 1)];
}

Deno.test("Tokenizer frames as [CLS], pieces, padding when the flavour is jax", () => {
  const [clock] = jax.encodeIds("clock");
  assert.deepEqual(row(jax, "Clock", 4), [1, clock, 0, 0]);
  assert.deepEqual({ ...jax.rules }, {
    flavour: "jax",
    pad: 0,
    start: 1,
    end: null,
    firstPiece: 2,
    pool: "last",
    causal: false,
  });
});

Deno.test("Tokenizer frames as SOT, pieces, EOT, padding when the flavour is torch", () => {
  const [clock] = torch.encodeIds("clock");
  const [sot, eot] = [bpe.size, bpe.size + 1];
  assert.deepEqual(row(torch, "clock", 5), [sot, clock, eot, 0, 0]);
  assert.equal(torch.rules.pool, "eot");
  assert.equal(torch.rules.causal, true);
  assert.equal(eot, torch.vocabularySize - 1);
});

Deno.test("Tokenizer cuts the end when the caption is too long", () => {
  const text = "umbrella camera clock battery 75 café";
  const pieces = jax.encodeIds(text);
  assert.deepEqual(row(jax, text, 4), [1, ...pieces.slice(0, 3)]);
  const ids = torch.encodeIds(text);
  const { start, end } = torch.rules;
  // As in the PyTorch code: cut to the context, then the last place becomes EOT.
  const expected = [start, ...ids, end].slice(0, 4);
  expected[3] = end;
  assert.deepEqual(row(torch, text, 4), expected);
});

Deno.test("Tokenizer puts the largest id at EOT only when captions are pooled there", () => {
  for (const text of [...CAPTIONS, ...hostileStrings(300)]) {
    if (cleanCaption(text) === "") continue;
    const ids = row(torch, text, 6);
    assert.equal(ids.filter((id) => id === torch.rules.end).length, 1);
    assert.equal(Math.max(...ids), torch.rules.end);
  }
});

Deno.test("Tokenizer.encode returns the tokens needed when a caption fits and when it is cut", () => {
  const out = new Int32Array(3);
  const pieces = jax.encodeIds("alarm clock camera").length;
  assert.equal(jax.encode("alarm clock camera", 3, out, 0), pieces + 1);
  assert.equal(torch.encode("alarm clock camera", 3, out, 0), pieces + 2);
});

Deno.test("Tokenizer gives one piece when a trained word stands at either end of a caption", () => {
  assert.equal(jax.encodeIds("clock").length, 1);
  assert.deepEqual(jax.encodeIds("alarm clock").at(-1), jax.encodeIds("clock, alarm")[0]);
});

Deno.test("Tokenizer.decode restores the cleaned caption when the text is hostile", () => {
  let tried = 0;
  for (const text of [...CAPTIONS, ...hostileStrings(3000)]) {
    const cleaned = cleanCaption(text);
    if (cleaned === "") continue;
    tried++;
    for (const tokenizer of [jax, torch]) {
      const ids = tokenizer.encodeIds(text);
      assert.equal(tokenizer.decode(ids), cleaned, JSON.stringify(text));
      assert.ok(ids.every((id) => id > 0 && id < tokenizer.vocabularySize));
    }
  }
  assert.ok(tried > 2500);
});

Deno.test("Tokenizer.decode skips special tokens when a whole row is given", () => {
  assert.equal(torch.decode(row(torch, "Alarm Clock", 8)), "alarm clock");
  assert.equal(jax.decode(row(jax, "Alarm Clock", 8)), "alarm clock");
  assert.throws(() => jax.decode([jax.vocabularySize]), /piece \d+ does not exist/);
});

Deno.test("Tokenizer names the caption when it has no token", () => {
  for (const text of ["", " \t ", "\u200b\ufeff", "\u0000"]) {
    assert.throws(
      () => jax.encode(text, 8, new Int32Array(8), 0),
      (error: Error) =>
        error instanceof RangeError && error.message.includes(`caption ${JSON.stringify(text)}`),
    );
  }
});

Deno.test("Tokenizer refuses when a row has no place for the caption or does not fit", () => {
  assert.throws(
    () => jax.encode("clock", 1, new Int32Array(8), 0),
    /text tokens: seen 1;.* from 2/,
  );
  assert.throws(
    () => torch.encode("clock", 2, new Int32Array(8), 0),
    /text tokens: seen 2;.* from 3/,
  );
  assert.throws(() => jax.encode("clock", 8, new Int32Array(8), 1), /out: seen 8 ids; .* 9/);
  assert.throws(() => jax.encode("clock", 8, new Int32Array(8), -1), RangeError);
  assert.throws(() => jax.frame([5, 6, 7], 3, new Int32Array(3), 0), /ids: seen 3; .*: 2/);
});

Deno.test("Tokenizer finishes quickly when one word has a million characters", () => {
  const begin = performance.now();
  assert.equal(jax.decode(jax.encodeIds("a".repeat(1_000_000))).length, 1_000_000);
  assert.ok(performance.now() - begin < 10_000);
});
