import assert from "node:assert/strict";
import sharp from "sharp";
import { describeShards } from "../../src/report/describe_shards.ts";
import { contactSheet } from "../../src/report/contact_sheet.ts";
import { writeShard } from "../data/shard_fixture.ts";
import { noisePng } from "../data/stream_fixture.ts";
import { inBrowser, LOOSE } from "./in_browser.ts";

const HOSTILE = `<script>window.bad=1</script>"'&<img src=x onerror="window.bad=2">`;

function writeHostileShard(dir: string): void {
  const samples = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      i === 4 ? `k"<b>` : `k${i}`,
      { png: noisePng(i, 40 + i, 30), txt: i % 3 === 0 ? `${HOSTILE} ${i}` : `number ${i}` },
    ]),
  );
  writeShard(`${dir}/a.tar`, { ...samples, bad: { png: noisePng(1).slice(0, 60), txt: "cut" } });
}

Deno.test({
  ...LOOSE,
  name: "the page of shards shows pictures, captions and counts in Chromium, and runs nothing",
  fn: () =>
    inBrowser(async (page, dir) => {
      writeHostileShard(dir);
      const { json, text } = await describeShards({
        pattern: `${dir}/a.tar`,
        captions: ["txt"],
        page: `${dir}/page.html`,
      });
      assert.equal(json.samples, 13);
      assert.match(text, /^shards {6}1, .*\nsamples {5}13; files: png 13, txt 13\n/);
      assert.match(text, /left out {4}1: unreadable picture; first: .*a\.tar, byte \d+, bad/);
      const problems: string[] = [], requests: string[] = [];
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("request", (request) => {
        if (!/^(file|data):/.test(request.url())) requests.push(request.url());
      });
      await page.goto(`file://${dir}/page.html`, { waitUntil: "load" });
      const found = await page.evaluate(`(async () => {
        const images = [...document.images];
        for (const image of images) { image.loading = "eager"; await image.decode(); }
        return {
          bad: window.bad ?? null,
          images: images.map((image) => image.naturalWidth),
          text: document.body.innerText,
          scripts: document.scripts.length,
          wide: document.documentElement.scrollWidth > innerWidth,
        };
      })()`) as { bad: unknown; images: number[]; text: string; scripts: number; wide: boolean };
      assert.deepEqual(problems, []);
      assert.deepEqual(requests, []);
      assert.equal(found.bad, null);
      assert.equal(found.scripts, 0);
      assert.deepEqual(found.images, Array.from({ length: 12 }, (_, i) => 40 + i));
      assert.ok(found.text.includes(`${HOSTILE} 3`), "the caption is not shown as it is");
      assert.match(found.text, /Samples\s+13/);
      assert.equal(found.wide, false);
      await page.setViewportSize({ width: 380, height: 800 });
      const narrow = await page.evaluate("document.documentElement.scrollWidth <= innerWidth");
      assert.equal(narrow, true, "the page is wider than a phone");
    }),
});

Deno.test("contactSheet is one SVG with escaped captions in short lines, and becomes a PNG", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    writeHostileShard(dir);
    const question = { pattern: `${dir}/a.tar`, captions: ["txt"] };
    await describeShards({ ...question, sheet: `${dir}/a.svg` });
    const svg = Deno.readTextFileSync(`${dir}/a.svg`);
    assert.equal(svg.split("<image").length, 13);
    assert.ok(!/<script|onerror="/.test(svg.replaceAll("&quot;", "'")), "markup got in");
    await describeShards({ ...question, sheet: `${dir}/a.png` });
    const { width, height } = await sharp(Deno.readFileSync(`${dir}/a.png`)).metadata();
    assert.deepEqual([width, height], [1184, 32 + 2 * 181]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
  const lines = (caption: string) => {
    const item = { thumbnail: new Uint8Array(), width: 256, height: 128, captions: [caption] };
    return [...contactSheet([item], "t", 1).matchAll(/<text[^>]*>([^<]*)</g)].slice(1)
      .map(([, line]) => line);
  };
  assert.deepEqual(lines("one two three four five six seven"), [
    "one two three four five",
    "six seven",
  ]);
  assert.deepEqual(lines("a".repeat(30)), [`${"a".repeat(23)}…`]);
  const long = lines(Array(20).fill("word").join(" "));
  assert.equal(long.length, 3);
  assert.ok(long[2].endsWith("…"));
});
