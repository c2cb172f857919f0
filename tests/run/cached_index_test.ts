import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { cachedIndex, type CachedIndexOptions } from "../../src/run/search/cached_index.ts";
import { bruteForce, gaussian } from "../eval/search_reference.ts";

const WIDTH = 6, COUNT = 100;
const ROWS = gaussian(WIDTH * COUNT, 4);
const QUERY = gaussian(WIDTH, 5);

/** A cache folder, and a build that notes what it embeds. */
async function withCache(
  body: (
    dir: string,
    open: (changes?: Partial<CachedIndexOptions>) => Promise<number[]>,
    seen: { embedded: number[]; said: string[] },
  ) => Promise<void>,
) {
  const dir = await Deno.makeTempDir();
  const seen = { embedded: [] as number[], said: [] as string[] };
  try {
    using context = new NativeContext({ threads: 1 });
    await body(dir, async (changes = {}) => {
      using index = await cachedIndex(context, {
        dir: `${dir}/cache`,
        kind: "rows",
        identity: ["a model", "a data set"],
        count: COUNT,
        width: WIDTH,
        partRows: 32,
        embed: (first, count, onRows) => {
          seen.embedded.push(first);
          onRows(count);
          return Promise.resolve(ROWS.slice(first * WIDTH, (first + count) * WIDTH));
        },
        say: (line) => seen.said.push(line),
        ...changes,
      });
      const { hits } = await index.search(QUERY, 5);
      return hits.map(({ row }) => row);
    }, seen);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const EXPECTED = bruteForce(ROWS, WIDTH, QUERY, 5).map(({ row }) => row);
const indexes = (dir: string) =>
  [...Deno.readDirSync(`${dir}/cache`)].map(({ name }) => name).filter((n) => !n.endsWith(".lock"));

Deno.test("cachedIndex builds once when it is asked for twice", async () => {
  await withCache(async (dir, open, seen) => {
    assert.deepEqual(await open(), EXPECTED);
    assert.deepEqual(seen.embedded, [0, 32, 64, 96]);
    assert.deepEqual(await open(), EXPECTED);
    assert.equal(seen.embedded.length, 4);
    assert.deepEqual(seen.said, []);
    assert.equal(indexes(dir).length, 1);
  });
});

Deno.test("cachedIndex builds another index when model, count or kind differ", async () => {
  await withCache(async (dir, open, seen) => {
    await open();
    await open({ identity: ["another model", "a data set"] });
    await open({ kind: "others" });
    await open({ count: 50 });
    assert.equal(indexes(dir).length, 4);
    assert.equal(seen.embedded.length, 4 + 4 + 4 + 2);
    // The least recently used one goes when there are more than four.
    await open({ count: 40 });
    assert.equal(indexes(dir).length, 4);
  });
});

Deno.test("cachedIndex goes on from finished parts when a build was interrupted", async () => {
  await withCache(async (dir, open, seen) => {
    const controller = new AbortController();
    const stop = open({
      signal: controller.signal,
      onProgress: (done) => done > 60 && controller.abort(new Error("stopped")),
    });
    await assert.rejects(stop, /stopped/);
    assert.deepEqual(seen.embedded, [0, 32]);
    const [parts] = indexes(dir);
    // One part was damaged meanwhile: it is made again.
    const path = `${dir}/cache/${parts}/0000000000.f32`;
    const bytes = Deno.readFileSync(path);
    bytes[100] ^= 1;
    Deno.writeFileSync(path, bytes);
    assert.deepEqual(await open(), EXPECTED);
    assert.deepEqual(seen.embedded, [0, 32, 0, 64, 96]);
    assert.match(seen.said.join(), /32 of 100 vectors are there from an earlier build/);
    assert.deepEqual(indexes(dir).filter((name) => !name.endsWith(".index")), []);
  });
});

Deno.test("cachedIndex says so and builds again when its file is damaged or foreign", async () => {
  await withCache(async (dir, open, seen) => {
    await open();
    const path = `${dir}/cache/${indexes(dir)[0]}`;
    const whole = Deno.readFileSync(path);
    const flipped = whole.slice();
    flipped[whole.length - 9] ^= 4;
    for (const bytes of [flipped, whole.subarray(0, 5000), new Uint8Array(9), new Uint8Array(0)]) {
      Deno.writeFileSync(path, bytes);
      seen.said.length = seen.embedded.length = 0;
      assert.deepEqual(await open(), EXPECTED);
      assert.equal(seen.said.length, 1);
      assert.match(seen.said[0], /not a whole search index: .*; building it again$/);
      assert.equal(seen.embedded.length, 4);
    }
    assert.deepEqual(Deno.readFileSync(path), whole);
  });
});
