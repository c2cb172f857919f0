import { describeError } from "../../../src/cli/describe_error.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../src/checkpoint/checkpoint_store.ts";
import { recoverCheckpoint } from "../../../src/checkpoint/recover_checkpoint.ts";
import { inFolder, type Row, share } from "../row.ts";

const TENSORS = ["a", "b", "c"].map((name, i) => ({
  name,
  shape: [600],
  data: Float32Array.from({ length: 600 }, (_, at) => Math.sin(at + i)),
}));

/** The calls that change a disk; each may be the one that finds it full. */
const CALLS = [
  [Deno.FsFile.prototype, "writeSync"],
  [Deno.FsFile.prototype, "syncSync"],
  [Deno, "renameSync"],
  [Deno, "mkdirSync"],
  [Deno, "openSync"],
] as const;

/** What the system says of a disk that is full, or that was mounted anew without writing. */
const FAULTS = ["No space left on device (os error 28)", "Read-only file system (os error 30)"];

/** Makes the n-th such call and all after it fail; returns how many there were. */
function withBrokenDisk(fault: string, from: number, body: () => void): number {
  let calls = 0;
  const kept = CALLS.map(([owner, name]) => Reflect.get(owner, name));
  CALLS.forEach(([owner, name], i) =>
    Reflect.set(owner, name, function (this: unknown, ...args: unknown[]) {
      if (calls++ >= from) throw new Error(fault);
      return kept[i].apply(this, args);
    })
  );
  try {
    body();
  } finally {
    CALLS.forEach(([owner, name], i) => Reflect.set(owner, name, kept[i]));
  }
  return calls;
}

/** R4. */
export const fullDisk: Row = {
  id: "R4",
  promise: "a full or read-only disk: a clear error, and the checkpoint before stays whole",
  measure: () =>
    inFolder((dir) => {
      const save = (name: string, state: number) =>
        saveCheckpoint(dir, name, { tensors: TENSORS, state }, 2);
      save("c0", 0);
      const calls = withBrokenDisk("", Infinity, () => save("c1", 1));
      let right = 0;
      const problems: string[] = [];
      for (let at = 0; at < calls * FAULTS.length; at++) {
        const [from, fault] = [at % calls, FAULTS[Math.floor(at / calls)]];
        let said = "";
        try {
          withBrokenDisk(fault, from, () => save(`n${at}`, 2 + at));
        } catch (error) {
          // As the command line says it.
          said = describeError(error, false);
        }
        const { found } = recoverCheckpoint<number>(dir);
        const whole = found !== null &&
          loadCheckpoint<number>(dir)?.state === found.checkpoint.state;
        // The system's words and what to do about them.
        if (
          whole && said.includes(fault) &&
          /; .*(another folder|free some|choose a folder)/.test(said)
        ) right++;
        else problems.push(`call ${from}: ${said || "no error"}`);
      }
      return Promise.resolve(
        share(
          right,
          calls * FAULTS.length,
          "calls of a save, a full and a read-only disk from each of them on",
          problems.slice(0, 2).join("; "),
        ),
      );
    }),
};

/** R5. */
export const flippedBytes: Row = {
  id: "R5",
  promise: "a flipped byte anywhere in a checkpoint is noticed",
  measure: ({ quick }) =>
    inFolder((dir) => {
      saveCheckpoint(dir, "c0", { tensors: TENSORS, state: { step: 3 } }, 1);
      const files = ["latest", "c0/state.json", "c0/arrays.safetensors"].map((name) => {
        const path = `${dir}/${name}`;
        return { path, good: Deno.readFileSync(path) };
      });
      const total = files.reduce((sum, { good }) => sum + good.length, 0);
      const flips = quick ? 200 : 1000;
      let seen = 0, state = 7;
      const random = (below: number) =>
        (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
      for (let i = 0; i < flips; i++) {
        // Small files would hardly be met: a third of the flips goes to each.
        const { path, good } = files[i % files.length];
        const bad = good.slice();
        bad[(random(2 ** 16) * 2 ** 16 + random(2 ** 16)) % bad.length] ^= 1 << random(8);
        Deno.writeFileSync(path, bad);
        try {
          loadCheckpoint(dir);
        } catch (error) {
          if (error instanceof SyntaxError) seen++;
        }
        Deno.writeFileSync(path, good);
      }
      return Promise.resolve(
        share(seen, flips, `flips in arrays, header, state and pointer (${total} bytes)`),
      );
    }),
};
