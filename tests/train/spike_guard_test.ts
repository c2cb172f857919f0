import assert from "node:assert/strict";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { anchorSteps, rewindStep } from "../../src/run/rewind_stage.ts";
import { recipeHash } from "../../src/run/run_folder.ts";
import { SpikeGuard } from "../../src/train/spike_guard.ts";
import { StepMean } from "../../src/train/step_mean.ts";
import { tinyRecipe } from "../config/tiny_recipe.ts";

const POLICY = { sigma: 2, window: 4, skips: 2, within: 5, rewinds: 1 };
const taken = (loss: number, gradientNorm = 1) => ({ loss, gradientNorm, skipped: false });
const skipped = { loss: NaN, gradientNorm: Infinity, skipped: true };

Deno.test("SpikeGuard limits the loss at mean and deviations of the last taken steps, when there are enough", () => {
  const guard = new SpikeGuard(POLICY);
  [9, 1, 3, 1].forEach((loss, i) => {
    assert.deepEqual(guard.limits(), { loss: null, gradientNorm: null });
    guard.add(i + 1, taken(loss, 10 * loss));
  });
  guard.add(5, skipped);
  guard.add(6, taken(3, 30));
  // 1, 3, 1, 3: mean 2, deviation 1; neither the first loss nor the skipped step counts.
  assert.deepEqual(guard.limits(), { loss: 4, gradientNorm: 40 });
});

Deno.test("SpikeGuard takes a hundredth of the mean where nothing moves, and no limit below 0", () => {
  const guard = new SpikeGuard({ ...POLICY, sigma: 3 });
  for (let step = 1; step <= 4; step++) guard.add(step, taken(-1, 2));
  assert.deepEqual(guard.limits(), { loss: null, gradientNorm: 2.06 });
});

Deno.test("SpikeGuard asks to go back for as many skips as allowed within the span, and no others", () => {
  const guard = new SpikeGuard(POLICY);
  assert.equal(guard.add(10, skipped), null);
  for (let step = 11; step < 15; step++) assert.equal(guard.add(step, taken(1)), null);
  // Step 10 is six steps back, out of the span of five.
  assert.equal(guard.add(15, skipped), null);
  assert.equal(guard.add(19, skipped), 15);
  assert.equal(guard.exhausted, false);
  guard.rewind({ losses: [1, 2], norms: [3, 4], skips: [8], rewinds: 7 });
  assert.deepEqual(guard.state, { losses: [1, 2], norms: [3, 4], skips: [], rewinds: 1 });
  assert.equal(guard.exhausted, true);
});

Deno.test("SpikeGuard goes on from its state as JSON as if it had never stopped", () => {
  const whole = new SpikeGuard(POLICY);
  let resumed = new SpikeGuard(POLICY);
  for (let step = 1; step <= 30; step++) {
    const event = step % 7 === 0 ? skipped : taken(Math.sin(step) + 0.1, Math.cos(step) ** 2);
    assert.equal(resumed.add(step, event), whole.add(step, event));
    assert.deepEqual(resumed.limits(), whole.limits());
    resumed = new SpikeGuard(POLICY, JSON.parse(JSON.stringify(resumed.state)));
  }
  assert.deepEqual(resumed.state, whole.state);
});

Deno.test("one of the last two anchors is before every span of skips, at any step", () => {
  for (const [everySteps, within] of [[10, 20], [10, 25], [7, 3], [1, 5], [500, 50]]) {
    const raw = tinyRecipe();
    raw.guards = { spike: { within, skips: 2 } };
    raw.checkpoint = { everySteps };
    const recipe = parseRecipe(raw, "x");
    for (let step = 2; step < 1200; step++) {
      const anchors = anchorSteps(recipe, step);
      assert.ok(anchors.every((anchor) => anchor % everySteps === 0 && anchor <= step));
      for (let first = Math.max(1, step - within + 1); first < step; first++) {
        const to = rewindStep(recipe, first);
        assert.ok(to < first && anchors.includes(to), `${step}: from ${first} to ${to}`);
      }
    }
  }
  assert.deepEqual(anchorSteps(parseRecipe(tinyRecipe(), "x"), 99), []);
});

Deno.test("a recipe takes guards with their defaults, is silent without them, and refuses what contradicts", () => {
  const raw = tinyRecipe();
  const hash = recipeHash(parseRecipe(raw, "x"));
  assert.ok(!("guards" in parseRecipe(raw, "x")));
  raw.checkpoint = { everySteps: 100 };
  raw.guards = { spike: { sigma: 5 } };
  const { guards } = parseRecipe(raw, "x");
  assert.deepEqual(guards, { spike: { sigma: 5, window: 128, skips: 3, within: 50, rewinds: 3 } });
  const refused = (change: (raw: ReturnType<typeof tinyRecipe>) => void) => {
    const wrong = { ...tinyRecipe(), checkpoint: { everySteps: 100 }, guards: { spike: {} } };
    change(wrong);
    try {
      parseRecipe(wrong, "x");
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(
    refused((wrong) => delete wrong.checkpoint),
    /checkpoint\.everySteps: seen null with guards\.spike.*allowed: a number of steps/,
  );
  assert.match(
    refused((wrong) => wrong.guards.spike = { skips: 9, within: 8 }),
    /guards\.spike\.skips: seen 9; allowed: at most guards\.spike\.within, 8/,
  );
  assert.match(
    refused((wrong) => wrong.guards.spike = { sigmas: 3 }),
    /nearest: guards.spike.sigma/,
  );
  assert.match(refused((wrong) => wrong.guards = {}), /guards\.spike: .*missing|guards\.spike/);
  assert.equal(recipeHash(parseRecipe(tinyRecipe(), "x")), hash);
});

Deno.test("StepMean goes on from its sums, and leaves losses out that are not finite", () => {
  const mean = new StepMean();
  mean.add(2, 0.5);
  mean.add(NaN, 1);
  const next = new StepMean(JSON.parse(JSON.stringify(mean.sums)));
  next.add(4, 0);
  assert.deepEqual([next.loss, next.hits], [3, 0.5]);
  next.reset();
  assert.ok(Number.isNaN(next.loss));
});
