import assert from "node:assert/strict";
import { openShardOnServer } from "../../src/data/fetch/http_shard.ts";
import { openShard } from "../../src/data/stream/open_shard.ts";
import { readTar } from "../../src/data/shards/read_tar.ts";
import { philox } from "../../src/tensor/random.ts";
import { writeStreamShards } from "./stream_fixture.ts";
import { type Fault, rangeServer } from "./range_server.ts";

const BYTES = Uint8Array.from({ length: 9 << 20 }, (_, i) => (i * 2654435761) >>> 13);
const QUICK = { pauseSeconds: 0.01, stallSeconds: 5, attempts: 3 };

/** Serves one file; each request meets the next fault of the list, none after its end. */
async function withFile(
  faults: Fault[],
  body: (url: string, asked: string[]) => Promise<void>,
  bytes = BYTES,
): Promise<void> {
  await using server = rangeServer({ "/a.tar": bytes }, () => faults.shift() ?? {});
  await body(`${server.url}/a.tar`, server.asked);
}

async function readAll(url: string, from = 0, step = 100_000): Promise<Uint8Array> {
  const file = await openShardOnServer(url, undefined, QUICK);
  using input = file.from(from);
  const buffer = new Uint8Array(step);
  const pieces: Uint8Array[] = [];
  for (let n = await input.read(buffer); n !== null; n = await input.read(buffer)) {
    pieces.push(buffer.slice(0, n));
  }
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) all.set(piece, (at += piece.length) - piece.length);
  return all;
}

Deno.test("openShardOnServer reads in order and anywhere by ranges, the first one small", async () => {
  await withFile([], async (url, asked) => {
    assert.deepEqual(await readAll(url), BYTES);
    assert.equal(asked[0], "bytes=0-65535");
    assert.ok(asked.length < 12, `${asked.length} requests`);
    assert.deepEqual(await readAll(url, 5_000_001), BYTES.slice(5_000_001));
    const file = await openShardOnServer(url);
    assert.match(file.version, /^"one", 9437184 bytes$/);
    for (let i = 0; i < 20; i++) {
      const [a, b] = philox(1, 2, i, 0, 0, 0);
      const at = a % BYTES.length, bytes = b % Math.min(70_000, BYTES.length - at);
      assert.deepEqual(await file.read(at, bytes), BYTES.slice(at, at + bytes));
    }
    await assert.rejects(
      file.read(BYTES.length - 5, 6),
      /a\.tar: ends at byte 9437184, 1 bytes too early/,
    );
  });
});

Deno.test("openShardOnServer goes on where a connection was cut, after stalls and busy answers", async () => {
  const faults: Fault[] = [
    { status: 503 },
    { status: 429, headers: { "retry-after": "0.05" } },
    {},
    { cut: 30_000 },
    { cut: 1 },
    { status: 500 },
    { cut: 70_000 },
  ];
  await withFile(faults, async (url, asked) => {
    const before = performance.now();
    assert.deepEqual(await readAll(url), BYTES);
    assert.ok(performance.now() - before >= 50, "retry-after was not kept");
    const starts = asked.map((range) => Number(/=(\d+)-/.exec(range)![1]));
    for (const cut of [30_000, 1, 70_000]) {
      assert.ok(starts.some((start) => starts.includes(start + cut)), `cut after ${cut} bytes`);
    }
    assert.equal(faults.length, 0);
  });
  await withFile([{}, { stall: 1000 }], async (url) => {
    const file = await openShardOnServer(url, undefined, { ...QUICK, stallSeconds: 0.2 });
    assert.deepEqual(await file.read(100_000, 5000), BYTES.slice(100_000, 105_000));
  });
});

Deno.test("openShardOnServer says what a server does that no further attempt would change", async () => {
  for (
    const [status, message] of [
      [404, /a\.tar could not be read: the server answered 404 .*; check the address and who may/],
      [403, /the server answered 403/],
      [410, /the server answered 410/],
    ] as const
  ) {
    await withFile([{ status }], async (url, asked) => {
      await assert.rejects(openShardOnServer(url, undefined, QUICK), message);
      assert.equal(asked.length, 1);
    });
  }
  await withFile(Array(3).fill({ status: 502 }), async (url, asked) => {
    await assert.rejects(
      openShardOnServer(url, undefined, QUICK),
      /could not be read: the server answered 502 .*, 3 times in a row; the run can be gone on with/,
    );
    assert.equal(asked.length, 3);
  });
  await withFile(Array(3).fill({ stall: 0 }), async (url) => {
    const patience = { ...QUICK, stallSeconds: 0.1 };
    await assert.rejects(
      openShardOnServer(url, undefined, patience),
      /no byte came for 0\.1 s, 3 times/,
    );
  });
  await withFile([{ whole: true }], async (url) => {
    await assert.rejects(
      openShardOnServer(url, undefined, QUICK),
      /the server sends whole files only; fetch the shards first with deno task fetch/,
    );
  });
  await withFile(Array(3).fill({ shift: 7 }), async (url) => {
    await assert.rejects(
      openShardOnServer(url, undefined, QUICK),
      /bytes bytes 7-65542\/9437184 came, 0 to 65535 were asked for, 3 times/,
    );
  });
  await assert.rejects(
    openShardOnServer("http://127.0.0.1:9/a.tar", undefined, QUICK),
    /127\.0\.0\.1:9\/a\.tar could not be read: .*, 3 times in a row/s,
  );
});

Deno.test("openShardOnServer notices a file that changes its tag or its length", async () => {
  for (const fault of [{ tag: '"two"' }, { bytes: BYTES.slice(0, 8 << 20) }]) {
    await withFile([{}, fault], async (url) => {
      const file = await openShardOnServer(url, undefined, QUICK);
      await assert.rejects(
        file.read(200_000, 10),
        /a\.tar: the shard has changed: seen .* bytes, before "one", 9437184 bytes; put the old one back/,
      );
    });
  }
  // In the middle of a range, too: what came before belongs to another file.
  await withFile([{}, { cut: 3000 }, { tag: '"two"' }], async (url) => {
    const file = await openShardOnServer(url, undefined, QUICK);
    await assert.rejects(file.read(200_000, 9000), /the shard has changed/);
  });
  await withFile([{}, { bytes: BYTES.slice(0, 100) }], async (url) => {
    const file = await openShardOnServer(url, undefined, QUICK);
    await assert.rejects(file.read(200_000, 9000), /shard ends before byte 200000; it has changed/);
  });
});

Deno.test("openShardOnServer takes a small file that comes whole, and stops when asked", async () => {
  await withFile([{ whole: true }], async (url) => {
    const file = await openShardOnServer(url, undefined, QUICK);
    assert.deepEqual(await file.read(3, 50), BYTES.slice(3, 53));
  }, BYTES.slice(0, 60));
  await withFile([{ stall: 0 }], async (url) => {
    const stop = new AbortController();
    const opened = openShardOnServer(url, stop.signal, QUICK);
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await assert.rejects(opened, /enough/);
  });
});

Deno.test("openShard reads the same samples from a server as from the disk", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const [path] = writeStreamShards(dir, 1);
    await using server = rangeServer({ "/x/000.tar": Deno.readFileSync(path) });
    const lists = await Promise.all([path, `${server.url}/x/000.tar`].map(async (name) => {
      using input = (await openShard(name)).from(0);
      return await Array.fromAsync(readTar(input));
    }));
    assert.equal(lists[0].length, 14);
    assert.deepEqual(lists[1], lists[0]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
