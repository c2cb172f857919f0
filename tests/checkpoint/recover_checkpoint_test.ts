import assert from "node:assert/strict";
import {
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from "../../src/checkpoint/checkpoint_store.ts";
import { CheckpointWriter } from "../../src/checkpoint/checkpoint_writer.ts";
import { recoverCheckpoint } from "../../src/checkpoint/recover_checkpoint.ts";

const tensors = [{ name: "w", shape: [3], data: Float32Array.of(1, 2, 3) }];

/** A folder with the checkpoints c1, c2 and c3, whose states are 1, 2 and 3. */
function withCheckpoints(body: (dir: string) => void) {
  const dir = Deno.makeTempDirSync();
  try {
    for (const state of [1, 2, 3]) saveCheckpoint(dir, `c${state}`, { tensors, state }, 3);
    body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const flip = (path: string, at: number) => {
  const bytes = Deno.readFileSync(path);
  bytes[at] ^= 4;
  Deno.writeFileSync(path, bytes);
};

const namesIn = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

Deno.test("recoverCheckpoint takes the newest checkpoint and has nothing to say of a whole folder", () => {
  withCheckpoints((dir) => {
    const { found, notes } = recoverCheckpoint<number>(dir);
    assert.deepEqual([found?.name, found?.checkpoint.state, notes], ["c3", 3, []]);
    assert.deepEqual(recoverCheckpoint(`${dir}/none`), { found: null, notes: [] });
  });
});

Deno.test("recoverCheckpoint goes on from the newest one when the pointer is missing or damaged", () => {
  for (const harm of ["missing", "damaged", "elsewhere"]) {
    withCheckpoints((dir) => {
      if (harm === "missing") Deno.removeSync(`${dir}/latest`);
      else if (harm === "damaged") flip(`${dir}/latest`, 0);
      else Deno.writeTextFileSync(`${dir}/latest`, "c9");
      assert.throws(() => loadCheckpoint(dir), /--resume/);
      const { found, notes } = recoverCheckpoint<number>(dir);
      assert.equal(found?.checkpoint.state, 3);
      assert.match(notes.join("\n"), /latest is (missing|damaged)|c9 has no state.json/);
      assert.match(notes.join("\n"), /going on from c3/);
      assert.equal(loadCheckpoint<number>(dir)?.state, 3);
      assert.deepEqual(recoverCheckpoint(dir).notes, []);
    });
  }
});

Deno.test("recoverCheckpoint falls back to an older whole one and keeps the damaged one aside", () => {
  withCheckpoints((dir) => {
    flip(`${dir}/c3/arrays.safetensors`, Deno.statSync(`${dir}/c3/arrays.safetensors`).size - 1);
    flip(`${dir}/c2/state.json`, 100);
    const { found, notes } = recoverCheckpoint<number>(dir);
    assert.deepEqual([found?.name, found?.checkpoint.state], ["c1", 1]);
    assert.match(
      notes[0],
      /c3\/arrays\.safetensors: tensor w is damaged: it is kept as c3\.damaged/,
    );
    assert.match(notes[1], /c2\/state\.json is damaged: it is kept as c2\.damaged/);
    assert.match(notes[2], /going on from c1/);
    assert.deepEqual(namesIn(dir), ["c1", "c2.damaged", "c3.damaged", "latest"]);
    // The next save keeps them: they may be all there is to learn from.
    saveCheckpoint(dir, "c2", { tensors, state: 2 }, 1);
    assert.deepEqual(namesIn(dir), ["c2", "c2.damaged", "c3.damaged", "latest"]);
  });
});

Deno.test("recoverCheckpoint never starts anew where a checkpoint was: it names what is damaged", () => {
  withCheckpoints((dir) => {
    for (const name of ["c1", "c2", "c3"]) {
      Deno.truncateSync(`${dir}/${name}/arrays.safetensors`, 20);
    }
    for (let turn = 0; turn < 2; turn++) {
      assert.throws(
        () => recoverCheckpoint(dir),
        /no whole checkpoint .*c3\/arrays.*c2\/arrays.*c1\/arrays.*; put a copy in place, or remove/,
      );
    }
    for (const name of ["c1", "c2", "c3"]) Deno.removeSync(`${dir}/${name}`, { recursive: true });
    assert.throws(() => recoverCheckpoint(dir), /no whole checkpoint .*c3 has no state.json/);
    Deno.writeTextFileSync(`${dir}/latest`, "c3 0");
    assert.throws(() => recoverCheckpoint(dir), /no whole checkpoint .*latest is damaged/);
  });
});

Deno.test("recoverCheckpoint removes what a killed save left, and nothing else", () => {
  withCheckpoints((dir) => {
    Deno.mkdirSync(`${dir}/c4.77.part`);
    Deno.writeTextFileSync(`${dir}/c4.77.part/arrays.safetensors.77.part`, "half");
    Deno.writeTextFileSync(`${dir}/latest.77.part`, "c4");
    Deno.writeTextFileSync(`${dir}/c2/state.json.77.part`, "half");
    // As earlier versions left it.
    Deno.mkdirSync(`${dir}/c5`);
    Deno.writeTextFileSync(`${dir}/c5/arrays.safetensors`, "half");
    // Not ours.
    Deno.mkdirSync(`${dir}/notes`);
    Deno.writeTextFileSync(`${dir}/notes/plan.txt`, "mine");
    const { found, notes } = recoverCheckpoint<number>(dir);
    assert.equal(found?.checkpoint.state, 3);
    assert.equal(notes.length, 4);
    for (const note of notes) assert.match(note, /^removed .*, which was never finished$/);
    assert.deepEqual(namesIn(dir), ["c1", "c2", "c3", "latest", "notes"]);
    assert.deepEqual(namesIn(`${dir}/c2`), ["arrays.safetensors", "state.json"]);
  });
});

Deno.test("recoverCheckpoint brings back a checkpoint whose replacement was killed half-way", () => {
  withCheckpoints((dir) => {
    Deno.renameSync(`${dir}/c3`, `${dir}/c3.replaced.part`);
    assert.equal(recoverCheckpoint<number>(dir).found?.checkpoint.state, 3);
    assert.deepEqual(namesIn(dir), ["c1", "c2", "c3", "latest"]);
  });
});

Deno.test("CheckpointWriter saves aside what saveCheckpoint saves, and gives the memory back", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    using writer = new CheckpointWriter(dir, 2);
    const copy = (spare: ArrayBuffer | null, first: number) => {
      const data = new Float32Array(spare ?? new ArrayBuffer(12));
      data.set([first, 2, 3]);
      return [{ name: "w", shape: [3], data }];
    };
    for (const state of [1, 2, 3]) {
      const spare = writer.takeSpare();
      assert.equal(spare !== null, state > 1);
      await writer.begin(`c${state}`, { tensors: copy(spare, state), state });
      await writer.finish();
    }
    assert.deepEqual(listCheckpoints(dir), ["c2", "c3"]);
    assert.deepEqual(loadCheckpoint(dir), {
      tensors: [{ name: "w", shape: [3], data: Float32Array.of(3, 2, 3) }],
      state: 3,
    });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("CheckpointWriter makes the next call throw when a write failed", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/file`, "");
    using writer = new CheckpointWriter(`${dir}/file`, 2);
    const save = () =>
      writer.begin("c", {
        tensors: [{ name: "w", shape: [1], data: new Float32Array(new ArrayBuffer(4)) }],
        state: 1,
      });
    await save();
    await assert.rejects(save(), /file\/c\S* cannot be made .*; choose another folder with --out/);
    await save();
    await assert.rejects(writer.finish(), /cannot be made/);
    await writer.finish();
    const two = tensors.map((tensor) => ({ ...tensor, data: new Float32Array(3) }));
    await assert.rejects(
      writer.begin("c", { tensors: [...tensors, ...two], state: 1 }),
      /all tensors in one buffer/,
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
