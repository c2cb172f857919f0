import assert from "node:assert/strict";
import { openShardOnServer } from "../../src/data/fetch/http_shard.ts";
import { openShardOnDisk, type ShardFile } from "../../src/data/shards/shard_file.ts";
import { StreamLoader, type StreamLoaderOptions } from "../../src/data/stream/stream_loader.ts";
import { NativeContext } from "../../src/native/context.ts";
import { mix32 } from "../../src/data/loader/permutation.ts";
import { rangeServer } from "./range_server.ts";
import { grayPng } from "./shard_fixture.ts";
import { loaderOptions, PER_SHARD, streamRecipe, writeStreamShards } from "./stream_fixture.ts";

async function withShards(
  count: number,
  body: (shards: string[], dir: string) => Promise<void>,
  change?: Parameters<typeof writeStreamShards>[2],
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await body(writeStreamShards(dir, count, change), dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Some batches, copied; cursors through JSON. */
async function batches(options: StreamLoaderOptions, count: number) {
  using context = new NativeContext({ threads: 1 });
  await using loader = new StreamLoader(context, options);
  const seen = [];
  for (let i = 0; i < count; i++) {
    const { images, rows, cursor } = await loader.next();
    seen.push({ images: images.slice(), rows, cursor: JSON.parse(JSON.stringify(cursor)) });
  }
  return seen;
}

type Batches = Awaited<ReturnType<typeof batches>>;

/** The batches of ranks that run beside each other, each with `options` of its own. */
async function ofRanks(
  size: number,
  count: number,
  options: (rank: number) => StreamLoaderOptions,
) {
  return await Promise.all(
    Array.from(
      { length: size },
      (_, rank) => batches({ ...options(rank), share: { rank, size } }, count),
    ),
  );
}

function checkJoined(parts: Batches[], wanted: Batches, what: string): void {
  wanted.forEach(({ images, rows, cursor }, i) => {
    assert.deepEqual(parts.flatMap((part) => part[i].rows), rows, `${what}, batch ${i}`);
    assert.deepEqual(Uint8Array.from(parts.flatMap((part) => [...part[i].images])), images);
    for (const part of parts) {
      const { counts: { read, dropped, broken }, ...rest } = part[i].cursor;
      const { counts, ...whole } = cursor;
      assert.deepEqual(rest, whole, `${what}, cursor ${i}`);
      assert.deepEqual({ read, dropped, broken }, {
        read: counts.read,
        dropped: counts.dropped,
        broken: counts.broken,
      });
    }
  });
}

/** A cut picture, none at all, no caption: every kind of sample that does not go on. */
const damage: Parameters<typeof writeStreamShards>[2] = (files, number) => {
  const png = files.png as Uint8Array;
  if (number % 13 === 3) return { ...files, png: png.slice(0, png.length - 20) };
  if (number % 17 === 4) return { txt: files.txt };
  return number % 11 === 5 ? { png } : files;
};

Deno.test("ranks that share indexes have the batches and cursors of one process, from any cursor", async () => {
  await withShards(5, async (shards, dir) => {
    const options = loaderOptions(shards);
    const wanted = await batches(options, 22);
    assert.ok(wanted.at(-1)!.cursor.epoch >= 1, "the batches pass an epoch");
    for (const size of [2, 3]) {
      const shared = { ...options, indexDir: `${dir}/index-${size}` };
      checkJoined(await ofRanks(size, 22, () => shared), wanted, `${size} ranks`);
      const indexes = [...Deno.readDirSync(shared.indexDir)].map(({ name }) => name);
      assert.equal(indexes.filter((name) => name.endsWith(".index")).length, 5);
      assert.ok(!indexes.some((name) => name.endsWith(".partial")));
      // They go on from a cursor of one process, with the indexes that are there.
      const { cursor } = wanted[8];
      const rest = await ofRanks(size, 4, () => ({ ...shared, cursor }));
      checkJoined(rest, wanted.slice(9, 13), `${size} ranks from a cursor`);
    }
    // Ranks on machines of their own have folders of their own.
    const apart = await ofRanks(2, 6, (rank) => ({ ...options, indexDir: `${dir}/own-${rank}` }));
    checkJoined(apart, wanted.slice(0, 6), "folders of their own");
    // Where no folder can be made each reads for itself.
    Deno.writeTextFileSync(`${dir}/file`, "");
    const nowhere = await ofRanks(2, 6, () => ({ ...options, indexDir: `${dir}/file/index` }));
    checkJoined(nowhere, wanted.slice(0, 6), "no folder");
  }, damage);
});

Deno.test("a damaged index is made again, and one of a changed shard or another filter is not used", async () => {
  await withShards(3, async (shards, dir) => {
    const indexDir = `${dir}/index`;
    const options = { ...loaderOptions(shards), indexDir };
    const wanted = await batches({ ...options, indexDir: undefined }, 4);
    checkJoined(await ofRanks(2, 4, () => options), wanted, "fresh");
    const paths = [...Deno.readDirSync(indexDir)].map(({ name }) => `${indexDir}/${name}`)
      .filter((path) => path.endsWith(".index"));
    for (const [i, path] of paths.entries()) {
      const bytes = Deno.readFileSync(path);
      if (i === 0) bytes[bytes.length >> 1] ^= 1;
      Deno.writeFileSync(path, i === 1 ? bytes.slice(0, bytes.length - 9) : bytes);
    }
    checkJoined(await ofRanks(2, 4, () => options), wanted, "after damage");
    const asks = { ...options, stream: streamRecipe({ captions: ["json.no", "txt"] }) };
    await ofRanks(2, 1, () => asks);
    const after = [...Deno.readDirSync(indexDir)].filter(({ name }) => name.endsWith(".index"));
    assert.ok(after.length > paths.length, "other demands have indexes of their own");
    // The same bytes in length, other captions, another date.
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(shards[0]));
    const changed = text.replaceAll("sign number", "flag number");
    Deno.writeFileSync(shards[0], Uint8Array.from(changed, (char) => char.charCodeAt(0)));
    Deno.utimeSync(shards[0], new Date(), new Date(Date.now() + 5000));
    const fresh = await batches({ ...options, indexDir: undefined }, 4);
    checkJoined(await ofRanks(2, 4, () => options), fresh, "after a change");
  });
});

Deno.test("a damaged shard ends every rank with its name, whoever reads it", async () => {
  await withShards(4, async (shards, dir) => {
    const bytes = Deno.readFileSync(shards[2]);
    Deno.writeFileSync(shards[2], bytes.slice(0, bytes.length - 3000));
    const options = { ...loaderOptions(shards), indexDir: `${dir}/index` };
    const ends = await Promise.allSettled(
      [0, 1].map((rank) => batches({ ...options, share: { rank, size: 2 } }, 30)),
    );
    for (const end of ends) {
      assert.equal(end.status, "rejected");
      assert.match(String((end as PromiseRejectedResult).reason), /002\.tar: ends at byte \d+/);
    }
  });
});

/** Pictures of noise, about 90 kB each, so that what is read besides them hardly counts. */
const large: Parameters<typeof writeStreamShards>[2] = ({ txt }, number) => {
  const pixels = Uint8Array.from({ length: 300 * 300 }, (_, at) => mix32(at + number * 1e6) >>> 24);
  return { png: grayPng(300, 300, pixels), txt };
};

Deno.test("each of four ranks reads a quarter of the shards and the pictures of its rows from a server", async () => {
  const count = 8, size = 4;
  await withShards(count, async (shards, dir) => {
    const names = shards.map((path) => path.slice(dir.length));
    const files = Object.fromEntries(names.map((name, i) => [name, Deno.readFileSync(shards[i])]));
    const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    const read = async (indexDir: string | undefined, batchesOfAll: number) => {
      const servers = Array.from({ length: size }, () => rangeServer(files));
      try {
        const open =
          (rank: number) => async (name: string, signal?: AbortSignal): Promise<ShardFile> => {
            const url = `${servers[rank].url}${new URL(name).pathname}`;
            return { ...await openShardOnServer(url, signal), name };
          };
        const options = loaderOptions(names.map((name) => `http://shards.invalid${name}`), {
          batch: 8,
          indexDir,
          workers: 1,
        });
        const parts = await ofRanks(
          size,
          batchesOfAll,
          (rank) => ({ ...options, open: open(rank) }),
        );
        const shares = servers.map(({ asked, paths }) =>
          asked.reduce((sum, range, i) => {
            const [from, to] = /(\d+)-(\d+)/.exec(range)!.slice(1).map(Number);
            return sum + Math.min(to + 1, files[paths[i]].length) - from;
          }, 0) / total
        );
        return { parts, shares };
      } finally {
        for (const server of servers) await server[Symbol.asyncDispose]();
      }
    };
    const epoch = count * PER_SHARD / 8;
    // The last samples of an epoch are still in the buffer, and batches are prepared ahead.
    const apart = await read(undefined, epoch - 2);
    const shared = await read(`${dir}/index`, epoch - 2);
    shared.parts.forEach((part, rank) => {
      assert.deepEqual(part.map(({ rows }) => rows), apart.parts[rank].map(({ rows }) => rows));
    });
    for (const [rank, share] of shared.shares.entries()) {
      assert.ok(apart.shares[rank] > 0.95, `rank ${rank} alone reads ${apart.shares[rank]}`);
      // A quarter for the index, a quarter for its pictures, 64 kB to open each shard.
      assert.ok(share < 0.66, `rank ${rank} reads ${share}`);
    }
    // With the indexes there, as in later epochs, a quarter is left.
    const later = await read(`${dir}/index`, epoch - 2);
    for (const share of later.shares) assert.ok(share < 0.38, `later ${share}`);
    assert.deepEqual(later.parts, shared.parts);
  }, large);
});

Deno.test("a shard on disk is indexed without reading its pictures", async () => {
  await withShards(2, async (shards, dir) => {
    let read = 0;
    const open = async (name: string): Promise<ShardFile> => {
      const file = await openShardOnDisk(name);
      const from = (at: number) => {
        const input = file.from(at);
        return {
          ...input,
          async read(buffer: Uint8Array) {
            const n = await input.read(buffer);
            read += n ?? 0;
            return n;
          },
        };
      };
      return { ...file, from };
    };
    const total = shards.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
    const options = { ...loaderOptions(shards, { batch: 4 }), indexDir: `${dir}/index`, open };
    await batches({ ...options, share: { rank: 0, size: 2 } }, 3);
    assert.ok(read > 0 && read < 0.15 * total, `${read} of ${total} bytes`);
  }, large);
});
