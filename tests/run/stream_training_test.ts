import assert from "node:assert/strict";
import { listCheckpoints, readPointer } from "../../src/checkpoint/checkpoint_store.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import type { Recipe } from "../../src/config/recipe.ts";
import { readEvents } from "../../src/train/event_log.ts";
import { type ShapeOfShards, streamTrainRecipe, writeTrainShards } from "./stream_shards.ts";
import { runStream } from "./run_stream.ts";
import { ended, sleep } from "../trust/killed_run.ts";
import { weightsHash } from "../trust/small_experiment.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}deno.json`;

async function withShards(
  body: (dir: string) => Promise<void>,
  shape: ShapeOfShards = {},
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    writeTrainShards(dir, shape);
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const recipe = (dir: string, changes = {}) =>
  parseRecipe(streamTrainRecipe(`${dir}/shards/{000..003}.tar`, changes), "stream");

Deno.test("a run on a stream that stops at any step ends with the weights of the whole run", async () => {
  await withShards(async (dir) => {
    const what = recipe(dir);
    const whole = await runStream(dir, "whole", what);
    const wanted = weightsHash(`${dir}/whole`);
    const counts = whole!.stages[0].data!;
    assert.ok(counts.read > 2 * 4 * 16, "the stage passes epochs");
    assert.ok(counts.unreadable > 0 && counts.dropped["no caption"] > 0, JSON.stringify(counts));
    const events = readEvents(`${dir}/whole/events.jsonl`);
    assert.match(events.find(({ kind }) => kind === "broken")!.note, /s\d-\d+: unreadable picture/);
    assert.match(
      events.find(({ kind }) => kind === "data")!.note,
      /^\d+ samples read; left out: no caption \d+.*; \d+ pictures decoded here, \d+ of them unreadable$/,
    );
    for (const stop of [["short", 24], ["short", 168], ["short", 240], ["full", 48]] as const) {
      assert.equal(await runStream(dir, "cut", what, stop), null);
      Deno.env.set("CLIPA_WORKERS", "1");
      await runStream(dir, "cut", what);
      Deno.env.delete("CLIPA_WORKERS");
      assert.equal(weightsHash(`${dir}/cut`), wanted, `stopped at ${stop}`);
      Deno.removeSync(`${dir}/cut`, { recursive: true });
    }
  });
});

Deno.test("a stage on a stream goes on from the checkpoint of its very start", async () => {
  await withShards(async (dir) => {
    const guards = { spike: {} };
    const what = recipe(dir, { guards, checkpoint: { everySteps: 5, keep: 2 } });
    await runStream(dir, "whole", what);
    assert.equal(await runStream(dir, "cut", what, ["full", 24]), null);
    const folder = `${dir}/cut/checkpoints`;
    Deno.removeSync(`${folder}/${readPointer(folder)}`, { recursive: true });
    assert.equal(listCheckpoints(folder).at(-1), "full-0000000");
    await runStream(dir, "cut", what);
    assert.equal(weightsHash(`${dir}/cut`), weightsHash(`${dir}/whole`));
  });
});

/** The real task as a process. */
function start(dir: string, out: string, workers: number): Deno.ChildProcess {
  const args = ["run", "-A", "--no-check", "--config", CONFIG, `${ROOT}src/cli/main.ts`];
  args.push("train", `${dir}/recipe.yaml`, "--out", `${dir}/${out}`, "--json");
  return new Deno.Command(Deno.execPath(), {
    args,
    env: {
      CLIPA_CACHE: `${dir}/cache`,
      CLIPA_THREADS: "1",
      CLIPA_WORKERS: String(workers),
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

Deno.test("kill -9 at random instants, with 1 and 2 workers in turn, changes no bit of a run on a stream", async () => {
  await withShards(async (dir) => {
    const what = streamTrainRecipe(`${dir}/shards/*.tar`, {
      checkpoint: { everySteps: 1, keep: 2 },
    });
    Deno.writeTextFileSync(`${dir}/recipe.yaml`, JSON.stringify(what));
    const first = await ended(start(dir, "whole", 2));
    assert.equal(first.code, 0, first.stderr);
    const wanted = weightsHash(`${dir}/whole`);
    let killed = 0, resumed = 0;
    for (let child = 0; child < 12; child++) {
      const process = start(dir, "cut", 1 + child % 2);
      const end = ended(process);
      let alive = true;
      end.then(() => alive = false);
      if (child < 5) {
        // Once it has saved a step of its own, and then a little later.
        const newest = () => readPointer(`${dir}/cut/checkpoints`);
        const before = newest();
        while (alive && newest() === before) await sleep(2);
        await sleep((child * 37) % 60);
        // One of them by Ctrl-C: it saves, waits for its decoders and says so.
        if (alive) process.kill(child === 2 ? "SIGINT" : "SIGKILL");
      }
      const { code, signal, stderr } = await end;
      if (code === 130 && child === 2) {
        killed++;
        continue;
      }
      if (signal === "SIGKILL") {
        killed++;
        continue;
      }
      assert.equal(code, 0, stderr);
      resumed = readEvents(`${dir}/cut/events.jsonl`).filter(({ kind }) =>
        kind === "resume"
      ).length;
      break;
    }
    assert.ok(killed >= 3, `${killed} processes were killed in time`);
    assert.equal(resumed, killed);
    assert.equal(weightsHash(`${dir}/cut`), wanted);
  });
});

Deno.test("a run on a stream says what is wrong with recipe or shards and trains nothing", async () => {
  await withShards(async (dir) => {
    const failed = async (what: () => Recipe, message: RegExp) => {
      await assert.rejects(async () => await runStream(dir, "out", what()), message);
    };
    await failed(
      () => parseRecipe(streamTrainRecipe(`${dir}/shards/{000..004}.tar`), "stream"),
      /data\.shards: no file fits .*004\.tar/,
    );
    await failed(
      () => recipe(dir, { data: { shards: "https://host/{0..3}.tar" } }),
      /data\.shards: seen https:.* read as a stream only; add data\.stream: \{\}/,
    );
    await failed(
      () => recipe(dir, { data: { shards: "a.tar", stream: { buffr: 3 } } }),
      /data\.stream\.buffr.*nearest.*buffer/s,
    );
    await failed(
      () => recipe(dir, { data: { shards: "a.tar", stream: {}, limit: 9 } }),
      /data\.limit: seen 9 with data\.stream/,
    );
    await failed(
      () => recipe(dir, { data: { set: "icons-v1", stream: {} } }),
      /data\.stream: seen without data\.shards/,
    );
    await failed(() => {
      const { stages: [stage] } = streamTrainRecipe("a.tar") as {
        stages: Record<string, unknown>[];
      };
      return recipe(dir, { stages: [{ ...stage, batch: 200 }] });
    }, /a batch of 200 needs as many different captions/);
  });
});
