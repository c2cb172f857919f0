import assert from "node:assert/strict";
import { BertTokenizer } from "../../src/text/bert_tokenizer.ts";
import { cleanClipCaption } from "../../src/text/clean_clip_caption.ts";
import { ClipBpe } from "../../src/text/clip_bpe.ts";
import { ClipTokenizer } from "../../src/text/clip_tokenizer.ts";
import { fixText } from "../../src/text/fix_text/fix_text.ts";
import { openNamedTokenizer } from "../../src/text/named_tokenizer.ts";
import { tokenMarks, WORD_START } from "../../src/text/token_marks.ts";
import { loadTokenizer, saveTokenizer } from "../../src/text/tokenizer_file.ts";
import {
  bertPieces,
  checkBertPieces,
  checkClipMerges,
  clipMerges,
} from "../../src/text/vocabularies.ts";
import { planText } from "../../src/tokens/text_reduction.ts";

const clip = new ClipTokenizer(clipMerges());
const jax = new BertTokenizer(bertPieces(), "jax");
const stripSep = new BertTokenizer(bertPieces(), "strip-sep");
const LONG = "word ".repeat(100);

function row(tokenizer: ClipTokenizer | BertTokenizer, text: string, length: number): number[] {
  const ids = new Int32Array(length);
  tokenizer.encode(text, length, ids, 0);
  return [...ids];
}

Deno.test("ClipTokenizer frames as SOT, symbols, EOT, zeros when a caption fits or is cut", () => {
  assert.deepEqual(row(clip, "A cat!", 7), [49406, 320, 2368, 256, 49407, 0, 0]);
  const cut = row(clip, LONG, 77);
  assert.equal(cut.length, 77);
  assert.equal(cut.at(-1), 49407);
  assert.equal(cut.filter((id) => id < 49406).length, 75);
  // Pooling looks for the largest id.
  assert.equal(clip.vocabularySize - 1, 49407);
});

Deno.test("BertTokenizer frames as [CLS] and pieces, 31 of 32 as JAX and 30 as open_clip", () => {
  assert.deepEqual(row(jax, "a kite", 5), [101, 1037, 20497, 0, 0]);
  assert.deepEqual(row(stripSep, "a kite", 5), [101, 1037, 20497, 0, 0]);
  assert.equal(row(jax, LONG, 32).filter((id) => id === 2773).length, 31);
  assert.equal(row(stripSep, LONG, 32).filter((id) => id === 2773).length, 30);
  assert.equal(row(stripSep, LONG, 32).at(-1), 0);
});

Deno.test("decode gives back the cleaned caption when ids are of a released tokenizer", () => {
  assert.equal(clip.decode(row(clip, "Two Kites, a café", 20)), "two kites , a café");
  assert.equal(jax.decode(row(jax, "Two unbelievable Kites", 20)), "two unbelievable kites");
  assert.throws(() => jax.decode([30_522]), /id 30522 does not exist; allowed: 0 to 30521/);
  assert.throws(() => clip.decode([60_000]), /symbol 60000 does not exist/);
});

Deno.test("released tokenizers name the caption when it has no token", () => {
  for (const tokenizer of [clip, jax, stripSep]) {
    assert.throws(() => tokenizer.encodeIds(" \t\u0000 "), /caption .* has no token; allowed/);
  }
});

Deno.test("syntax masks see whole words when they are of several pieces", () => {
  const caption = "a very old kitesurfer of the unbelievable beach";
  for (const tokenizer of [clip, jax, stripSep]) {
    const ids = tokenizer.encodeIds(caption);
    const words = tokenizer.encodeWords(caption);
    assert.deepEqual(words.flatMap((word) => word.ids), ids);
    assert.ok(words.some((word) => word.ids.length > 1));
    const marks = tokenMarks(
      tokenizer,
      "word",
      (texts) => Uint8Array.from(texts, (text) => /surfer|beach/.test(text) ? 1 : 4),
    )(caption);
    assert.equal([...marks].filter((mark) => mark & WORD_START).length, words.length);
    const nouns = words.filter(({ text }) => /surfer|beach/.test(text)).flatMap((word) => word.ids);
    const shorten = planText({ strategy: "syntax", tokens: nouns.length + 1 });
    const key = { seed: 0, epoch: 0, row: 0 };
    assert.deepEqual(shorten(ids, nouns.length, key, marks), nouns);
  }
});

Deno.test("saveTokenizer keeps kind, rules and ids when the tokenizer is a released one", () => {
  const folder = Deno.makeTempDirSync();
  try {
    for (const tokenizer of [clip, jax, stripSep]) {
      const path = `${folder}/${tokenizer.kind}.json`;
      saveTokenizer(path, tokenizer);
      const loaded = loadTokenizer(path);
      assert.equal(loaded.kind, tokenizer.kind);
      assert.deepEqual(loaded.rules, tokenizer.rules);
      assert.deepEqual(
        loaded.encodeIds("Ein Café &amp; 日本"),
        tokenizer.encodeIds("Ein Café &amp; 日本"),
      );
    }
    const other = new ClipTokenizer(clip.merges.slice(0, -1));
    saveTokenizer(`${folder}/other.json`, other);
    assert.throws(
      () => loadTokenizer(`${folder}/other.json`),
      /other\.json: merges of OpenAI's CLIP: seen 48893 entries with sha256 .*; allowed: d308b7377a8c/,
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a vocabulary is refused when one entry was changed, left out or moved", () => {
  const merges = clipMerges();
  assert.equal(merges.length, 48_894);
  assert.throws(
    () => checkClipMerges(merges.with(7, "the y</w>")),
    /allowed: d308b7377a8c.*deno install/,
  );
  const pieces = bertPieces();
  assert.equal(pieces.length, 30_522);
  assert.throws(() => checkBertPieces(pieces.slice(1)), /BERT uncased: seen 30521 entries/);
  assert.throws(() => checkBertPieces([pieces[1], pieces[0], ...pieces.slice(2)]), /sha256/);
});

Deno.test("ClipBpe refuses merges of symbols that do not exist or spell the same", () => {
  assert.throws(() => new ClipBpe(["th e"]), /merges\[0\]: seen "th e"; allowed/);
  assert.throws(() => new ClipBpe(["t h", "t h"]), /merges\[1\]/);
  assert.throws(() => new ClipBpe(["t h e"]), /merges\[0\]/);
});

Deno.test("openNamedTokenizer takes pooling from the flavour when it makes a tokenizer", () => {
  assert.equal(openNamedTokenizer("clip-bpe", "torch").rules.pool, "eot");
  assert.equal(openNamedTokenizer("bert-uncased", "jax").rules.pool, "last");
});

Deno.test("fixText mends what ftfy mends and leaves good text when it is foreign", () => {
  // The examples of ftfy's documentation.
  assert.equal(fixText("âœ” No problems"), "✔ No problems");
  assert.equal(fixText("&macr;\\_(ã\x83\x84)_/&macr;"), "¯\\_(ツ)_/¯");
  assert.equal(fixText("voilÃ le travail"), "voilà le travail");
  assert.equal(fixText("&lt;tag&gt;"), "<tag>");
  assert.equal(fixText("P&EACUTE;REZ"), "PÉREZ");
  assert.equal(fixText("ＬＯＵＤ　ＮＯＩＳＥＳ"), "LOUD NOISES");
  assert.equal(fixText("\x1b[36;44mI'm blue\x1b[0m"), "I'm blue");
  for (
    const good of ["Ünïcödé", "ça va à Orléans", "Σωκράτης", "日本語", "naïve"]
  ) {
    assert.equal(fixText(good), good);
  }
});

Deno.test("cleanClipCaption and encoding finish quickly when a caption is huge", () => {
  const start = performance.now();
  for (const unit of ["Ã©", "x", "&amp;", "a ", "日", "\u0345", "!?", "[SEP]"]) {
    const text = unit.repeat(100_000);
    cleanClipCaption(text);
    stripSep.encodeIds(`a ${text}`);
    clip.encodeIds(`a ${text}`);
    jax.encodeIds(`a ${text}`);
  }
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < 30, `${seconds} s`);
});
