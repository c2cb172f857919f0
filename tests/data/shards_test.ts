import assert from "node:assert/strict";
import { createShardWriter } from "../../src/data/shards/write_tar.ts";
import { type BrokenSample, readTar, type ShardSample } from "../../src/data/shards/read_tar.ts";
import { encodeTarHeader } from "../../src/data/shards/tar_header.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function withFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

async function readAll(path: string, broken: BrokenSample[] = []): Promise<ShardSample[]> {
  const options = { onBroken: (sample: BrokenSample) => broken.push(sample), maxFileBytes: 4096 };
  return await Array.fromAsync(readTar(path, options));
}

/** Header with one more edit, its checksum made right again. */
function header(name: string, bytes: number, edit: (block: Uint8Array) => void): Uint8Array {
  const block = encodeTarHeader(name, bytes);
  edit(block);
  let sum = 256;
  block.forEach((byte, i) => sum += i >= 148 && i < 156 ? 0 : byte);
  block.set(bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return block;
}

function padded(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(data.length / 512) * 512);
  out.set(data);
  return out;
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const file = (name: string, text: string) =>
  join(encodeTarHeader(name, bytesOf(text).length), padded(bytesOf(text)));
const END = new Uint8Array(1024);

Deno.test("readTar gives back the samples when createShardWriter wrote them", async () => {
  await withFolder(async (dir) => {
    const path = `${dir}/a.tar`;
    using shard = createShardWriter(path);
    shard.add("000", [["png", new Uint8Array(700).fill(7)], ["txt", bytesOf("bée")]]);
    shard.add("001", [["png", new Uint8Array(512).fill(8)], ["json", bytesOf("{}")]]);
    shard.add("002", [["txt", new Uint8Array(0)]]);
    assert.equal(shard.close().count, 3);
    const samples = await readAll(path);
    assert.deepEqual(samples.map((s) => [s.key, ...s.files.keys()]), [
      ["000", "png", "txt"],
      ["001", "png", "json"],
      ["002", "txt"],
    ]);
    assert.deepEqual(samples[0].files.get("png"), new Uint8Array(700).fill(7));
    assert.equal(new TextDecoder().decode(samples[0].files.get("txt")), "bée");
    assert.equal(samples[2].files.get("txt")?.length, 0);
  });
});

Deno.test("createShardWriter gives a file that the system's tar lists", async () => {
  await withFolder(async (dir) => {
    using shard = createShardWriter(`${dir}/a.tar`);
    shard.add("k", [["txt", bytesOf("x")]]);
    shard.close();
    const { code, stdout } = await new Deno.Command("tar", { args: ["tf", `${dir}/a.tar`] })
      .output();
    assert.equal(code, 0);
    assert.equal(new TextDecoder().decode(stdout), "k.txt\n");
  });
});

Deno.test("readTar names file and byte when the shard is cut anywhere", async () => {
  await withFolder(async (dir) => {
    const whole = join(file("a.txt", "one"), file("b.txt", "two"), END);
    for (let bytes = 0; bytes < whole.length; bytes += 128) {
      Deno.writeFileSync(`${dir}/cut.tar`, whole.subarray(0, bytes));
      await assert.rejects(readAll(`${dir}/cut.tar`), {
        name: "SyntaxError",
        message: new RegExp(`cut\\.tar: ends at byte ${bytes}`),
      });
    }
  });
});

Deno.test("readTar names file and byte when a header is damaged", async () => {
  await withFolder(async (dir) => {
    const whole = join(file("a.txt", "one"), file("b.txt", "two"), END);
    whole[1024 + 3] ^= 1;
    Deno.writeFileSync(`${dir}/x.tar`, whole);
    await assert.rejects(readAll(`${dir}/x.tar`), {
      name: "SyntaxError",
      message: /x\.tar: byte 1024/,
    });
  });
});

Deno.test("readTar skips and counts a broken sample when its members are hostile", async () => {
  await withFolder(async (dir) => {
    const link = (block: Uint8Array) => block[156] = "2".charCodeAt(0);
    const pax = (text: string) =>
      join(header("p", text.length, (b) => b[156] = "x".charCodeAt(0)), padded(bytesOf(text)));
    Deno.writeFileSync(
      `${dir}/x.tar`,
      join(
        file("ok1.txt", "1"),
        header("link.txt", 0, link),
        file("../../etc/passwd.txt", "2"),
        join(encodeTarHeader("big.png", 5000), new Uint8Array(5120)),
        file("big.txt", "of the same sample"),
        pax("19 size=99999999999\n"),
        file("pax.txt", "3"),
        pax("20 mtime=1700000.25\n"),
        file("ok2.txt", "4"),
        file("noextension", "5"),
        file("twice.txt", "6"),
        file("twice.txt", "7"),
        file(`${"k".repeat(90)}.txt`, "8"),
        END,
      ),
    );
    const broken: BrokenSample[] = [];
    const samples = await readAll(`${dir}/x.tar`, broken);
    assert.deepEqual(samples.map((s) => s.key), ["ok1", "ok2", "k".repeat(90)]);
    assert.deepEqual(broken.map((b) => b.key), [
      "../../etc/passwd",
      "big",
      "pax",
      "noextension",
      "twice",
    ]);
    assert.match(broken[1].reason, /5000 bytes; 4096 allowed/);
  });
});

Deno.test("readTar neither crashes nor hangs when bytes of a shard are random", async () => {
  await withFolder(async (dir) => {
    const whole = join(file("a.txt", "one"), file("b.txt", "two"), END);
    let state = 1;
    const next = () => state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    for (let round = 0; round < 200; round++) {
      const bytes = whole.slice();
      for (let edits = 0; edits < 3; edits++) bytes[next() % 1600] = next() >>> 24;
      Deno.writeFileSync(`${dir}/x.tar`, bytes);
      try {
        assert.ok((await readAll(`${dir}/x.tar`)).length <= 2);
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
      }
    }
  });
});

Deno.test("createShardWriter leaves no file when it is disposed before close", async () => {
  await withFolder(async (dir) => {
    {
      using shard = createShardWriter(`${dir}/a.tar`);
      assert.throws(() => shard.add("a.b", []), RangeError);
      assert.throws(() => shard.add("k".repeat(120), [["txt", bytesOf("x")]]), RangeError);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(dir)), []);
  });
});
