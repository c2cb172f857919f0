import assert from "node:assert/strict";
import { philox } from "../../src/tensor/random.ts";
import { grayPng } from "../data/shard_fixture.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}deno.json`;
const COLOURS = ["red", "green", "blue", "grey"];
const WORDS = ["box", "bar", "dot", "cross", "frame", "line"];

/** A recipe for the pictures of {@linkcode writePictures}; one step takes 8 of 24 phrases. */
const recipe = (shards: string) => `
name: foreign
data: { shards: ${JSON.stringify(shards)} }
model: { preset: laptop-w48, image: { layers: 1 }, text: { layers: 1, vocabulary: 300 } }
stages:
  - { name: short, samples: 400, batch: 8, image: { size: 16 }, text: { tokens: 8 }, lr: 1.0e-3, warmup: { share: 0.1 } }
  - { name: full, samples: 80, batch: 8, image: { size: 24 }, text: { tokens: 8 }, lr: 2.0e-4, warmup: { share: 0.1 } }
eval: { benches: [], retrieval: [] }
checkpoint: { everySteps: 2 }
`;

/** 48 pictures of 24 phrases, named after them. */
function writePictures(dir: string): void {
  Deno.mkdirSync(dir);
  const phrases = COLOURS.flatMap((colour) => WORDS.map((word) => `${colour}_${word}`));
  phrases.forEach((phrase, i) => {
    for (const copy of [1, 2]) {
      const pixels = Uint8Array.from({ length: 900 }, (_, at) => philox(i, copy, at, 0, 0, 0)[0]);
      Deno.writeFileSync(`${dir}/${phrase}-${copy}.png`, grayPng(30, 30, pixels));
    }
  });
}

interface Ended {
  code: number;
  json: Record<string, unknown>;
  stderr: string;
}

/** Runs a task as the launcher does after its set-up; `interrupt` is what stderr shows when to stop it. */
async function task(dir: string, args: string[], interrupt?: RegExp): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--config",
      CONFIG,
      `${ROOT}src/cli/main.ts`,
      ...args,
      "--json",
    ],
    cwd: dir,
    env: { CLIPA_CACHE: `${dir}/cache`, CLIPA_THREADS: "1", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stderr = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += text;
      if (interrupt?.test(stderr)) {
        interrupt = undefined;
        child.kill("SIGINT");
      }
    }
  })();
  const stdout = (await new Response(child.stdout).text()).trim();
  const { code } = await child.status;
  await reading;
  return { code, json: stdout === "" ? {} : JSON.parse(stdout.split("\n").at(-1)!), stderr };
}

async function withFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    writePictures(`${dir}/pictures`);
    Deno.writeTextFileSync(`${dir}/foreign.yaml`, recipe("shards/*.tar"));
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const pack = async (dir: string) => {
  const { code, json, stderr } = await task(dir, [
    "shards",
    "pictures",
    "--out",
    "shards",
    "--per-shard",
    "20",
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(json, { out: "shards", shards: 3, samples: 48, skipped: [] });
};

Deno.test("train learns from a folder of pictures through shards, and goes on after Ctrl-C", async () => {
  await withFolder(async (dir) => {
    await pack(dir);
    const stopped = await task(dir, ["train", "foreign.yaml"], /short \[|short +\d|full/);
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stderr, /run the same command again to go on/);
    assert.throws(() => Deno.statSync(`${dir}/runs/foreign/result.json`), Deno.errors.NotFound);
    const { code, json, stderr } = await task(dir, ["train", "foreign.yaml"]);
    assert.equal(code, 0, stderr);
    assert.equal(json.samples, 480);
    assert.deepEqual(json.eval, {});
    const names = [...Deno.readDirSync(`${dir}/runs`)].map(({ name }) => name);
    assert.deepEqual(names, ["foreign"], "the stopped run was not gone on with");
    assert.ok(Deno.statSync(`${dir}/runs/foreign/weights.safetensors`).size > 0);
  });
});

Deno.test("train names what is wrong with foreign shards and trains nothing", async () => {
  await withFolder(async (dir) => {
    const failed = async (message: RegExp) => {
      const { code, stderr } = await task(dir, ["train", "foreign.yaml"]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      assert.throws(() => Deno.statSync(`${dir}/runs`), Deno.errors.NotFound);
    };
    await failed(
      /error: data\.shards: no file fits shards\/\*\.tar; allowed: a path or glob of tar/,
    );
    await pack(dir);
    const whole = Deno.readFileSync(`${dir}/shards/00001.tar`);
    Deno.truncateSync(`${dir}/shards/00001.tar`, 3000);
    await failed(/error: .*shards\/00001\.tar.*byte \d+/);
    // Pictures that decode to nothing: more than one in a hundred is refused.
    const broken = whole.slice();
    for (let at = 0; at + 8 < broken.length; at++) {
      if (broken[at] === 0x89 && broken[at + 1] === 0x50) broken[at + 1] = 0;
    }
    Deno.writeFileSync(`${dir}/shards/00001.tar`, broken);
    await failed(/20 of 48 samples are broken; .*00001\.tar.*unreadable picture.*mend or remove/);
    // Mended, the same command goes on.
    Deno.writeFileSync(`${dir}/shards/00001.tar`, whole);
    const { code, stderr } = await task(dir, ["train", "foreign.yaml"]);
    assert.equal(code, 0, stderr);
  });
});

/** Whether this user may mount; only then can a disk be full or read-only to root. */
async function mount(dir: string, options: string): Promise<boolean> {
  try {
    const args = ["-t", "tmpfs", "-o", options, "tmpfs", dir];
    return (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test("train says so when a disk is full or read-only, and goes on when it is not any more", async (t) => {
  await withFolder(async (dir) => {
    await pack(dir);
    for (const name of ["cache", "out"]) Deno.mkdirSync(`${dir}/${name}`);
    const train = () => task(dir, ["train", "foreign.yaml", "--out", "out/run"]);
    const disk = async (name: string, options: string, message: RegExp) => {
      if (!await mount(`${dir}/${name}`, options)) return false;
      try {
        const { code, stderr } = await train();
        assert.equal(code, 1, stderr);
        assert.match(stderr, message);
      } finally {
        await new Deno.Command("umount", { args: [`${dir}/${name}`] }).output();
      }
      return true;
    };
    const mounts = await disk(
      "cache",
      "size=16k",
      /error: cannot write to .*no space left.*CLIPA_CACHE/s,
    );
    await t.step({
      name: "full and read-only folders of runs",
      ignore: !mounts, // not allowed for this user
      fn: async () => {
        await disk(
          "out",
          "size=64k",
          /error: .*(no space left|os error 28|0 MB are free).*free some space/is,
        );
        await disk(
          "out",
          "ro,size=64k",
          /error: --out out\/run: out cannot be written .*read-only/is,
        );
      },
    });
    const { code, json, stderr } = await train();
    assert.equal(code, 0, stderr);
    assert.equal(json.samples, 480);
  });
});
