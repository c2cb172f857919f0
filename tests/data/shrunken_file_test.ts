import assert from "node:assert/strict";
import { makeSmallSet } from "../run/small_set.ts";

const ROOT = new URL("../../", import.meta.url);

/** Loads batches from the record file in the folder and truncates it after the first one. */
const LOAD = `
import { PairLoader } from "${ROOT}src/data/loader/pair_loader.ts";
import { CaptionTokens } from "${ROOT}src/data/loader/caption_tokens.ts";
import { SampleOrder } from "${ROOT}src/data/loader/sample_order.ts";
import { openRecords } from "${ROOT}src/data/records/records.ts";
import { NativeContext } from "${ROOT}src/native/context.ts";
const records = openRecords(Deno.args[0] + "/baked/train-16.bin");
const coder = { encodeIds: () => [1], room: (n) => n, frame: () => {} };
const context = new NativeContext({ threads: 1 });
const loader = new PairLoader(context, {
  records,
  captions: new CaptionTokens(records, coder),
  order: new SampleOrder(records, { seed: 1, balance: "none", familyCap: null }),
  batch: 16, imageSize: 8, filter: "bilinear", textTokens: 2, captionWeights: [1, 1, 1, 1, 1],
  shorten: (ids) => ids, seed: 1,
  augment: { area: [1, 1], aspect: [1, 1], inkPaper: 0, invert: 0,
    jitter: { probability: 0, strength: 0 }, gray: 0, flip: 0 },
});
await loader.next();
Deno.truncateSync(records.path, 100);
try {
  for (let i = 0; i < 20; i++) await loader.next();
  console.log("no error");
} catch (error) {
  console.log(error.message);
}
`;

/** Searches an index in the folder and truncates it after the first search. */
const SEARCH = `
import { SearchIndex } from "${ROOT}src/eval/search/search_index.ts";
import { writeSearchIndex } from "${ROOT}src/eval/search/write_index.ts";
import { NativeContext } from "${ROOT}src/native/context.ts";
const path = Deno.args[0] + "/index", count = 5000, width = 8;
const rows = Float32Array.from({ length: count * width }, (_, i) => 1 + i % 7);
await writeSearchIndex(path, { count, width, identity: "0".repeat(64) }, [rows]);
const context = new NativeContext({ threads: 1 });
const index = SearchIndex.open(path, context);
await index.search(rows.slice(0, width), 3);
Deno.truncateSync(path, 100);
try {
  await index.search(rows.slice(0, width), 3);
  console.log("no error");
} catch (error) {
  console.log(error.message);
}
`;

/** Runs a script over a folder in a process of its own, which SIGBUS would end, and returns its output. */
async function runApart(script: string, dir: string): Promise<string> {
  Deno.writeTextFileSync(`${dir}/script.ts`, script);
  const config = Deno.env.get("CLIPA_DENO_CONFIG") ?? new URL("deno.json", ROOT).pathname;
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, `${dir}/script.ts`, dir],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  assert.equal(signal, null, `ended by ${signal}`);
  assert.equal(code, 0, text.decode(stderr));
  return text.decode(stdout);
}

Deno.test("the loader says that a record file became shorter when it is truncated while open", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    makeSmallSet(dir);
    const message = await runApart(LOAD, dir);
    assert.match(message, /train-16\.bin.*has become shorter since it was opened/s);
    assert.match(message, /picture \d+/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a search says that its index became shorter when it is truncated while open", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    assert.match(await runApart(SEARCH, dir), /has become shorter since it was opened/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
