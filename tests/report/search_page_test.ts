import assert from "node:assert/strict";
import { type PageHit, searchFragment, searchPage } from "../../src/report/search_page.ts";
import { searchTable } from "../../src/report/search_table.ts";

const HOSTILE = `<script>alert('1')</script>"&<img src=x onerror=alert(1)>`;
const hit = (changes: Partial<PageHit> = {}): PageHit => ({
  rank: 1,
  name: "umbrella",
  family: "lucide",
  score: 0.51234,
  key: "lucide:umbrella",
  png: Uint8Array.of(0, 255, 7),
  ...changes,
});

Deno.test("searchPage escapes every text of the data when it holds markup", () => {
  const page = searchPage({
    query: HOSTILE,
    picture: Uint8Array.of(1),
    note: HOSTILE,
    hits: [hit({ name: HOSTILE, family: HOSTILE, key: HOSTILE })],
  });
  assert.ok(!page.includes("<script"), "a script got in");
  assert.ok(!/<img(?! src="data:image\/png;base64,)/.test(page), "a foreign image got in");
  assert.ok(!/\son\w+=(?!alert\(1\)&gt;)/.test(page), "a handler got in");
  // Title, heading, note, name, family, title attribute and alternative text.
  assert.equal(page.split("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;").length, 8);
});

Deno.test("searchPage holds all it needs when it is opened without a network", () => {
  const page = searchPage({ query: "q", picture: null, note: "n", hits: [hit()] });
  assert.ok(page.startsWith("<!doctype html>"));
  assert.ok(page.includes(`src="data:image/png;base64,AP8H"`));
  assert.ok(!/https?:|<link|@import|url\(/.test(page), "it asks for something else");
  assert.ok(page.includes("width=device-width"), "no viewport for a phone");
  assert.ok(page.includes("prefers-color-scheme:dark"), "no dark colours");
  assert.match(page, /umbrella<\/b><small><span>lucide<\/span><span>1 · 0\.512/);
});

Deno.test("searchFragment shows names without pictures when text was looked for", () => {
  const fragment = searchFragment({
    query: "q",
    picture: null,
    note: "n",
    hits: [hit({ family: null, key: null, png: null })],
  });
  assert.ok(!fragment.includes("<img") && !fragment.includes("null"));
});

Deno.test("searchTable lines up and hides control characters when names hold them", () => {
  const rows = [
    { rank: 9, score: 0.5, name: "a\x1b[31m\nb\u202e", family: "f", key: "f:a", file: "x#1" },
    { rank: 10, score: -0.25, name: "w".repeat(60), family: "long-family", key: "k", file: "x#2" },
  ];
  const lines = searchTable({ hits: rows }).split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^rank {4}score {2}name +family +key$/);
  assert.match(lines[1], /^ {3}9 {3}0\.5000 {2}a�\[31m�b� +f +f:a$/);
  assert.match(lines[2], /^ {2}10 {2}-0\.2500 {2}w{39}… {2}long-family {2}k$/);
  const names = searchTable({ hits: rows.map((row) => ({ ...row, family: null, key: null })) });
  assert.match(names, /^rank {4}score {2}name\n/);
});
