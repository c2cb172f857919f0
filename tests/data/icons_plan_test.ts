import assert from "node:assert/strict";
import { familyOf } from "../../src/data/icons/families.ts";
import { createWordFilter, HELD_OUT } from "../../src/data/icons/held_out.ts";
import { findIconPackages } from "../../src/data/icons/icon_packages.ts";
import { planIcons } from "../../src/data/icons/plan_icons.ts";

Deno.test("planIcons keeps its promises when it runs on the pinned packages", async () => {
  const plan = await planIcons({
    packages: findIconPackages(),
    store: () => ({ at: 0, bytes: 0 }),
  });
  const { train, val, test } = plan.rows;
  assert.ok(train.length >= 250_000, `${train.length} training rows`);
  assert.ok(val.length > 4000 && test.length > 40_000);
  const familiesOf = (rows: typeof train) => new Set(rows.map((row) => row.family));
  const trained = familiesOf(train);
  for (const family of [...familiesOf(val), ...familiesOf(test)]) assert.ok(!trained.has(family));
  assert.equal(trained.size + familiesOf(val).size + familiesOf(test).size, plan.families.length);
  const keys = new Set([...train, ...val, ...test].map((row) => row.key));
  assert.equal(keys.size, train.length + val.length + test.length);
  for (const { set } of train) assert.ok(!/GPL|-NC/.test(set.license), set.id);

  const { classes, unseen } = plan.concepts;
  assert.equal(new Set(classes).size, 592);
  assert.equal(unseen.length, 60);
  const says = createWordFilter(HELD_OUT.unseenWords);
  for (const name of classes) assert.ok(!says(name), name);
  for (const row of train) assert.ok(!says(row.phrase), row.key);
  // Every 50th row is enough here: the build test looks at every text of a small set.
  for (let i = 0; i < train.length; i += 50) {
    const captions = plan.captionsOf(train[i]);
    assert.deepEqual(captions.slice(0, 2).map(({ level }) => level), [1, 2]);
    for (const { text } of captions) assert.ok(!says(text), text);
  }

  const icons = plan.benches.find((bench) => bench.name === "icons-592")!;
  const drawn = new Set(icons.rows.map((row) => row.phrase));
  assert.equal(drawn.size, 592, "each class has a picture");
  for (const bench of plan.benches) {
    assert.ok(bench.rows.length > 100, bench.name);
    for (const row of bench.rows) assert.equal(row.split, bench.split);
  }
  for (const sets of [...Object.values(HELD_OUT.test), HELD_OUT.validation]) {
    for (const family of sets) {
      assert.ok(plan.sets.some((set) => familyOf(set.id) === family), family);
    }
  }
});
