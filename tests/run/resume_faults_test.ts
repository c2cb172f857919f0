import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { saveCheckpoint } from "../../src/checkpoint/checkpoint_store.ts";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint_store.ts";
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import type { RunState } from "../../src/run/run_state.ts";
import type { DataSet } from "../../src/run/shard_data_set.ts";
import { readEvents } from "../../src/train/event_log.ts";
import { readMetrics } from "../../src/train/metrics_log.ts";
import { makeSmallSet } from "./small_set.ts";

const recipe = (seed = 0) =>
  parseRecipe({
    name: "test",
    data: { set: "icons-v1" },
    model: {
      preset: "laptop-w48",
      image: { layers: 1, patch: 4 },
      text: { layers: 1, vocabulary: 400 },
    },
    stages: [{
      name: "only",
      samples: 640,
      batch: 32,
      image: { size: 8 },
      text: { tokens: 4 },
      lr: 2e-3,
      warmup: { share: 0.1 },
    }],
    eval: { benches: [] },
    seed,
    checkpoint: { everySteps: 4, keep: 3 },
  }, "test");

class Stop extends Error {}

interface Bench {
  readonly dir: string;
  readonly dataSet: DataSet;
  /** Trains up to a step and fails there, so that no checkpoint of that step itself is kept. */
  run(out: string, options?: { stopAt?: number; seed?: number; resume?: boolean }): Promise<string>;
  readonly notes: string[];
}

async function withRuns(body: (bench: Bench) => Promise<void>) {
  const dir = Deno.makeTempDirSync();
  const notes: string[] = [];
  try {
    const dataSet = makeSmallSet(`${dir}/set`);
    const run: Bench["run"] = async (out, { stopAt, seed, resume = false } = {}) => {
      const controller = new AbortController();
      notes.length = 0;
      await runExperiment(recipe(seed), {
        out: `${dir}/${out}`,
        resume,
        device: "cpu",
        dataSet,
        setupSeconds: 0,
        signal: controller.signal,
        onProgress: ({ done }) => {
          if (done === 32 * (stopAt ?? NaN)) controller.abort(new Stop("stopped here"));
        },
        onNote: (note) => notes.push(note),
      });
      return sha256(Deno.readFileSync(`${dir}/${out}/weights.safetensors`));
    };
    await body({ dir, dataSet, run, notes });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("a run goes on exactly, and says why, after each fault of its checkpoints", async () => {
  await withRuns(async ({ dir, run, notes }) => {
    const whole = await run("whole");
    assert.deepEqual(notes, []);
    const checkpoints = (out: string) => `${dir}/${out}/checkpoints`;
    const faults: Record<string, (folder: string) => RegExp> = {
      pointer(folder) {
        Deno.removeSync(`${folder}/latest`);
        return /latest is missing\n.*going on from only-0000010/s;
      },
      newest(folder) {
        Deno.truncateSync(`${folder}/only-0000010/arrays.safetensors`, 500);
        return /only-0000010\/arrays.safetensors .*kept as only-0000010\.damaged\n.*only-0000008/s;
      },
      leftovers(folder) {
        Deno.mkdirSync(`${folder}/only-0000012.9.part`);
        return /removed .*only-0000012\.9\.part, which was never finished/;
      },
    };
    for (const [out, harm] of Object.entries(faults)) {
      await assert.rejects(run(out, { stopAt: 10 }), Stop);
      const expected = harm(checkpoints(out));
      assert.equal(await run(out, { resume: true }), whole, out);
      assert.match(notes.join("\n"), expected);
      const events = readEvents(`${dir}/${out}/events.jsonl`);
      assert.deepEqual(
        events.map(({ kind }) => kind).filter((kind) => kind !== "repair"),
        ["start", "stop", "resume", "end"],
      );
      assert.match(events.find(({ kind }) => kind === "stop")!.note, /stopped here/);
      const from = out === "newest" ? 8 : 10;
      assert.equal(events.find(({ kind }) => kind === "resume")!.step, from);
      const repairs = events.filter(({ kind }) => kind === "repair");
      assert.deepEqual(repairs.map(({ note }) => note), notes);
      const steps = readMetrics(`${dir}/${out}/metrics.jsonl`).map(({ step }) => step);
      assert.deepEqual(steps, Array.from({ length: 20 }, (_, i) => i + 1));
    }
  });
});

Deno.test("a run refuses a checkpoint of another recipe or ABI, and notes another build", async () => {
  await withRuns(async ({ dir, run, notes }) => {
    await assert.rejects(run("a", { stopAt: 10 }), Stop);
    await assert.rejects(
      run("a", { seed: 1, resume: true }),
      /cannot resume \(its run has another recipe: seed: seen 0, here 1\)/,
    );
    const folder = `${dir}/a/checkpoints`;
    const saved = loadCheckpoint<RunState>(folder)!;
    const change = (state: Partial<RunState>) =>
      saveCheckpoint(folder, "only-0000010", { ...saved, state: { ...saved.state, ...state } }, 3);
    assert.match(saved.state.library!.build, /^[0-9a-f]{64}$/);
    change({ recipe: "0".repeat(64) });
    await assert.rejects(
      run("a", { resume: true }),
      /only-0000010 was written by a run with another recipe .*; put the recipe.yaml and the/,
    );
    change({ library: { ...saved.state.library!, abi: 999, kit: "9.9" } });
    await assert.rejects(
      run("a", { resume: true }),
      /kit 9\.9 with library ABI 999; .*; go on with kit 9\.9, or start anew with another --out/,
    );
    change({ library: { ...saved.state.library!, build: "f".repeat(64) } });
    await run("a", { resume: true });
    assert.match(notes.join("\n"), /another build of the native library \(ffffffffffff/);
    const kinds = readEvents(`${dir}/a/events.jsonl`).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["start", "stop", "library", "resume", "end"]);
  });
});

Deno.test("a loss that JSON cannot hold does not count in the stage's loss", async () => {
  await withRuns(async ({ dir, run }) => {
    await run("whole");
    const lossOf = (out: string) =>
      JSON.parse(Deno.readTextFileSync(`${dir}/${out}/result.json`)).stages[0].loss;
    await assert.rejects(run("a", { stopAt: 19 }), Stop);
    const folder = `${dir}/a/checkpoints`;
    const { tensors, state } = loadCheckpoint<RunState>(folder)!;
    assert.equal(state.tail.length, 1);
    // What an earlier version wrote of a step without a finite loss.
    const tail = [NaN, ...state.tail];
    saveCheckpoint(folder, "only-0000019", { tensors, state: { ...state, tail } }, 3);
    await run("a", { resume: true });
    assert.equal(lossOf("a"), lossOf("whole"));
  });
});

Deno.test("a run that no step brings further ends with what to change, every step in the event log", async () => {
  await withRuns(async ({ dir, dataSet }) => {
    const [stage] = recipe().stages;
    const wild = { ...recipe(), stages: [{ ...stage, samples: 32 * 200, lr: 1e30 }] };
    const run = runExperiment(wild, {
      out: `${dir}/wild`,
      resume: false,
      device: "cpu",
      dataSet,
      setupSeconds: 0,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    await assert.rejects(
      run,
      /stage only, step 101: the last 100 steps changed nothing \(the (gradient|loss) is not finite/,
    );
    const kinds = readEvents(`${dir}/wild/events.jsonl`).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["start", ...Array(100).fill("skip"), "stop"]);
  });
});
