import assert from "node:assert/strict";
import { STREAM_DEFAULTS } from "../../src/config/recipe_defaults.ts";
import { examineSample, type SampleDemands } from "../../src/data/stream/sample_filter.ts";
import { captionRow } from "../../src/data/stream/caption_rows.ts";
import { noisePng } from "./stream_fixture.ts";

/** Examines a sample of these files. */
async function examine(
  files: Record<string, Uint8Array | string>,
  { captions = ["txt"], ...filter }: Partial<SampleDemands["filter"]> & { captions?: string[] } =
    {},
) {
  const encoder = new TextEncoder();
  const bytes = Object.entries(files).map(([name, content]) =>
    [name, typeof content === "string" ? encoder.encode(content) : content] as const
  );
  const sample = { key: "a", at: 0, end: 0, files: new Map(bytes) };
  const found = await examineSample(sample, {
    captions,
    filter: { ...STREAM_DEFAULTS.filter, ...filter },
  });
  return "captions" in found ? found.captions : found;
}

const png = noisePng(1, 30, 12);

Deno.test("examineSample gathers captions from text files and from texts and lists in json", async () => {
  const json = JSON.stringify({
    caption: "one  cat\n",
    alt: ["two dogs", "", 7, "three  birds"],
    more: { deep: "four fish" },
    none: null,
  });
  const files = { png, json, txt: "five frogs", "alt.txt": "six\u0000snakes" };
  const captions = [
    "txt",
    "alt.txt",
    "json.caption",
    "json.alt",
    "json.more.deep",
    "json.none",
    "json.x",
  ];
  assert.deepEqual(await examine(files, { captions }), [
    ["five frogs"],
    ["six snakes"],
    ["one cat"],
    ["two dogs", "three birds"],
    ["four fish"],
  ]);
  assert.deepEqual(await examine(files, { captions: ["json.x", "json.__proto__.y"] }), {
    dropped: "no caption",
  });
});

Deno.test("examineSample leaves out by words, sides, aspect and score, and says which", async () => {
  const json = JSON.stringify({ similarity: 0.31, bad: "x", alt: ["a", "a b", "a b c"] });
  const files = { png, json, txt: "two words" };
  assert.deepEqual(await examine(files, { minWords: 2 }), [["two words"]]);
  assert.deepEqual(await examine(files, { minWords: 3 }), { dropped: "fewer than 3 words" });
  assert.deepEqual(await examine(files, { captions: ["json.alt"], minWords: 2 }), [[
    "a b",
    "a b c",
  ]]);
  assert.deepEqual(await examine(files, { minSide: 12, maxAspect: 2.5 }), [["two words"]]);
  assert.deepEqual(await examine(files, { minSide: 13 }), { dropped: "side below 13" });
  assert.deepEqual(await examine(files, { maxAspect: 2.4 }), { dropped: "aspect above 2.4" });
  const score = (field: string, min: number) => examine(files, { score: { field, min } });
  assert.deepEqual(await score("similarity", 0.31), [["two words"]]);
  assert.deepEqual(await score("similarity", 0.32), { dropped: "similarity below 0.32" });
  assert.deepEqual(await score("bad", 0), { dropped: "no bad" });
  assert.deepEqual(await score("missing", 0), { dropped: "no missing" });
});

Deno.test("examineSample tells damage from what is only left out", async () => {
  const broken = async (files: Record<string, Uint8Array | string>, filter = {}) => {
    const found = await examine(files, filter);
    return (found as { broken: string }).broken.split(":")[0];
  };
  assert.equal(await broken({ txt: "a" }), "no picture");
  assert.equal(await broken({ png, txt: Uint8Array.of(0xff, 0xfe) }), "unreadable text");
  assert.equal(
    await broken({ png, txt: "a", json: "{" }, { captions: ["json.a"] }),
    "unreadable json",
  );
  assert.equal(await broken({ png: "no png", txt: "a" }, { minSide: 1 }), "unreadable picture");
  // What nothing asks for is not looked at.
  assert.deepEqual(await examine({ png: "no png", txt: "a", json: "{" }), [["a"]]);
});

Deno.test("captionRow draws each field and each caption of it in its share, by place and epoch alone", () => {
  const captions = [["a"], ["b", "c", "d"]];
  const options = {
    coder: {
      encodeIds(text: string) {
        if (text === "d") throw new RangeError("no token");
        return [text.charCodeAt(0)];
      },
      room: (length: number) => length,
      frame: (ids: readonly number[], _length: number, out: Int32Array) => out.set(ids),
    },
    shorten: (ids: number[]) => ids,
    textTokens: 1,
    seed: 5,
  };
  const seen: Record<string, number> = {};
  for (let i = 0; i < 6000; i++) {
    const sample = { ref: [i % 3, 2, 512 * i, 9], key: "k", captions, picture: null } as const;
    const row = captionRow(sample, options);
    assert.deepEqual(captionRow(sample, options), row);
    const name = typeof row === "string" ? row : row.phrase;
    seen[name] = (seen[name] ?? 0) + 1;
  }
  const wanted = { a: 3000, b: 1000, c: 1000, "caption without a token": 1000 };
  for (const [name, count] of Object.entries(wanted)) {
    // Four standard deviations.
    assert.ok(Math.abs(seen[name] - count) < 4 * Math.sqrt(count), `${name}: ${seen[name]}`);
  }
});
