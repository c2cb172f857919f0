import assert from "node:assert/strict";
import { parseSweep } from "../../src/config/sweep.ts";
import { cellId, cellLabel, sweepCells } from "../../src/scaling/sweep/sweep_cell.ts";
import { smallSweep } from "./small_sweep.ts";

// deno-lint-ignore no-explicit-any -- tests damage it in ways that no type allows.
const cellsOf = (damage: (raw: any) => void = () => {}) => {
  const raw = smallSweep();
  damage(raw);
  return sweepCells(parseSweep(raw, "small.yaml"));
};

Deno.test("sweepCells gives all combinations of each group of runs, with their labels", () => {
  assert.deepEqual(cellsOf().map(cellLabel), [
    "resize/plain/1",
    "resize/masked/1",
    "random/plain/1",
    "random/plain/2",
  ]);
  const all = cellsOf((raw) => {
    delete raw.runs;
    raw.axes.seed = [1, 2, 3];
  });
  assert.equal(all.length, 2 * 2 * 3);
  assert.equal(new Set(all.map(({ id }) => id)).size, 12);
});

Deno.test("cells set what their labels say and share a prefix when only tuning differs", () => {
  const [plain, masked, random, second] = cellsOf();
  assert.equal(random.recipe.stages[0].image.strategy, "random");
  assert.equal(second.recipe.seed, 2);
  assert.equal(plain.prefix, masked.prefix);
  assert.equal(new Set([plain, random, second].map(({ prefix }) => prefix)).size, 3);
  assert.equal(masked.recipe.name, `small-${masked.id}`);
});

Deno.test("a cell keeps its id when names, reports and the order of keys change, and no longer", () => {
  const ids = (damage: Parameters<typeof cellsOf>[0]) => cellsOf(damage).map(({ id }) => id);
  const before = cellsOf().map(({ id }) => id);
  const cosmetic = ids((raw) => {
    raw.name = "other";
    raw.recipe.checkpoint = { everySteps: 3 };
    raw.recipe.eval.everySamples = 64;
    raw.recipe.data = { captions: { l1: 1 }, set: "icons-v1" };
  });
  assert.deepEqual(cosmetic, before);
  const changed = ids((raw) => raw.recipe.optimizer.beta2 = 0.99);
  assert.ok(changed.every((id) => !before.includes(id)));
  const evaluated = ids((raw) => raw.recipe.eval.benches = ["small", "icons-100"]);
  assert.ok(evaluated.every((id) => !before.includes(id)));
  const [{ recipe, id }] = cellsOf();
  assert.equal(cellId({ ...recipe, name: "renamed" }), id);
});

Deno.test("sweepCells names both cells when two compute the same", () => {
  assert.throws(
    () =>
      cellsOf((raw) => {
        raw.axes.image.again = { "stages.short.image.size": 8 };
        raw.runs.push({ image: "again", tuning: "plain", seed: 1 });
      }),
    /sweep small: the cells resize\/plain\/1 and again\/plain\/1 collide: their recipes compute the same/,
  );
  assert.throws(
    () => cellsOf((raw) => raw.runs.push({ image: "random", tuning: "plain", seed: 2 })),
    /cells random\/plain\/2 and random\/plain\/2 collide: it is listed twice/,
  );
});

Deno.test("sweepCells names the cell when its recipe is not allowed", () => {
  assert.throws(
    () => cellsOf((raw) => raw.axes.image.random["stages.short.image"].tokens = 99),
    /sweep small, cell random\/plain\/1: stages\[0\].image.tokens: seen 99 .*1 to 16/,
  );
});

Deno.test("parseSweep names the nearest axis, value or key when one is unknown", () => {
  assert.throws(
    () => cellsOf((raw) => raw.runs[0].sed = [1]),
    /small.yaml: runs\[0\]: unknown axis "sed"; nearest: seed; allowed: image, tuning, seed/,
  );
  assert.throws(
    () => cellsOf((raw) => raw.runs[1].seed = [1, 3]),
    /runs\[1\].seed: unknown value "3".*allowed: 1, 2/,
  );
  assert.throws(() => cellsOf((raw) => raw.axis = {}), /unknown key axis; nearest: axes/);
  assert.throws(() => cellsOf((raw) => raw.name = "Two Words"), /name: seen "Two Words"/);
  assert.throws(
    () => cellsOf((raw) => raw.axes.tuning.masked = { "stages.ful.lr": 1 }),
    /no element "ful"; allowed: 0 to 1 or short, full/,
  );
});
