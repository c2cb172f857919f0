import assert from "node:assert/strict";
import { openShardOnServer } from "../../src/data/fetch/http_shard.ts";
import { openShardOnDisk } from "../../src/data/shards/shard_file.ts";
import { checkShards } from "../../src/data/stream/check_shards.ts";
import { rangeServer } from "./range_server.ts";
import { writeStreamShards } from "./stream_fixture.ts";

async function withShards(body: (shards: string[]) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await body(writeStreamShards(dir, 6));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Opens without patience. */
const open = (name: string) =>
  name.startsWith("http")
    ? openShardOnServer(name, undefined, { attempts: 1, pauseSeconds: 0 })
    : openShardOnDisk(name);

Deno.test("checkShards passes whole shards, and reads little of them", async () => {
  await withShards(async (shards) => {
    let bytes = 0;
    await checkShards(shards, async (name) => {
      const file = await openShardOnDisk(name);
      return {
        ...file,
        read(at, count) {
          bytes += count;
          return file.read(at, count);
        },
        from: () => assert.fail("a shard was read through"),
      };
    });
    assert.ok(bytes > 0 && bytes <= 2048 * shards.length);
    // What GNU tar writes: zeros up to a whole record.
    Deno.writeFileSync(shards[0], new Uint8Array(5120), { append: true });
    await checkShards(shards, open);
  });
});

Deno.test("checkShards names what is missing, cut, another file or out of reach", async () => {
  await withShards(async (shards) => {
    const [whole, cut, short, other, gone, folder] = shards;
    const bytes = Deno.readFileSync(cut);
    Deno.writeFileSync(cut, bytes.slice(0, bytes.length - 1024));
    Deno.writeFileSync(short, bytes.slice(0, 700));
    Deno.writeTextFileSync(other, "no tar ".repeat(300));
    Deno.removeSync(gone);
    Deno.removeSync(folder);
    Deno.mkdirSync(folder);
    for (
      const [name, message] of [
        [cut, /1 of 2 shards cannot be used: \S+001\.tar: its end is cut off; allowed: whole/],
        [short, /002\.tar: (?:its end is cut off|ends at byte)/],
        [other, /003\.tar: header checksum/],
        [gone, /004\.tar: not found/],
        [folder, /005\.tar: no file/],
      ] as const
    ) {
      await assert.rejects(checkShards([whole, name], open), { name: "SyntaxError", message });
    }
    await assert.rejects(
      checkShards(shards, open),
      /5 of 6 shards .*001.*002.*003\.tar.*; and 2 more/,
    );
    Deno.writeFileSync(cut, new Uint8Array());
    await assert.rejects(checkShards([cut], open), /001\.tar: ends at byte 0/);
  });
});

Deno.test("checkShards asks a server for a few shards, the last among them", async () => {
  await withShards(async (shards) => {
    const bytes = Deno.readFileSync(shards[0]);
    const name = (i: number) => `/${String(i).padStart(3, "0")}.tar`;
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [name(i), bytes]));
    await using server = rangeServer(files);
    const names = (count: number) => Array.from({ length: count }, (_, i) => server.url + name(i));
    await checkShards(names(50), open);
    assert.equal(new Set(server.paths).size, 16);
    assert.ok(server.paths.includes(name(0)) && server.paths.includes(name(49)));
    await assert.rejects(
      checkShards(names(51), open),
      /1 of 16 shards .*050\.tar could not be read: .* 404/,
    );
    await checkShards(names(1), open);
  });
});
