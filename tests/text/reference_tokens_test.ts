import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { TOKENIZER_KINDS } from "../../src/text/caption_tokenizer.ts";
import { openNamedTokenizer } from "../../src/text/named_tokenizer.ts";
import golden from "./goldens/reference_tokens.json" with { type: "json" };
import { manyCaptions } from "./many_captions.ts";

// make_token_goldens.py asks open_clip's tokenizers and TensorFlow Text for the ids.
const BLOCK = 100;
const captions = manyCaptions(golden.count);

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

Deno.test("manyCaptions gives the captions of the goldens when it runs anywhere", () => {
  assert.equal(golden.count, 10_000);
  // Python escapes every character outside ASCII before it takes the digest.
  const text = JSON.stringify(captions).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const sum = createHash("sha256").update(text).digest("hex").slice(0, 16);
  assert.equal(sum, golden.captions);
});

for (const kind of TOKENIZER_KINDS) {
  if (kind === "icons") continue;
  Deno.test(`${kind} gives the reference's ids when 10,000 captions are many-lingual and hostile`, () => {
    const tokenizer = openNamedTokenizer(kind, kind === "clip-bpe" ? "torch" : "jax");
    const rows = captions.map((caption) => {
      try {
        return tokenizer.encodeIds(caption);
      } catch (error) {
        assert.match((error as Error).message, /has no token/);
        return [];
      }
    });
    golden[kind].specimen.forEach((ids, i) => assert.deepEqual(rows[i], ids, captions[i]));
    golden[kind].blocks.forEach((sum, i) => {
      const block = rows.slice(i * BLOCK, (i + 1) * BLOCK);
      assert.equal(digest(block), sum, `captions ${i * BLOCK} to ${(i + 1) * BLOCK - 1} differ`);
    });
    assert.equal(golden[kind].blocks.length * BLOCK, captions.length);
  });
}
