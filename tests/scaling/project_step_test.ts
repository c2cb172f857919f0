import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { FLAVOURS } from "../../src/config/flavours.ts";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { OpKind } from "../../src/native/op_kinds.ts";
import { paperSpec } from "../../src/scaling/paper/paper_spec.ts";
import { cudaWork } from "../../src/scaling/plan/cuda_work.ts";
import { HARDWARE } from "../../src/scaling/plan/hardware.ts";
import { ASSUMED, projectStep } from "../../src/scaling/plan/project_step.ts";
import { type StepOp, stepOps } from "../../src/scaling/plan/step_ops.ts";
import { adamw } from "../../src/tensor/ops/optimizer.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape, type TapeOp } from "../../src/tensor/tape.ts";
import { fakeEnvironment } from "../cli/fake_environment.ts";

const KINDS = new Map<number, string>(Object.entries(OpKind).map(([name, kind]) => [kind, name]));

function tinySpec(flavour: "jax" | "torch"): ModelSpec {
  const { image, text, ...rest } = FLAVOURS[flavour];
  const tower = { width: 32, layers: 2, heads: 2 };
  return {
    ...rest,
    preset: null,
    flavour,
    embed: 24,
    image: { ...image, ...tower, mlp: 64, patch: 4 },
    text: { ...text, ...tower, mlp: 96, vocabulary: 50 },
  };
}

/** The ops that a tape records for a step. */
function recorded(spec: ModelSpec, batch: number): readonly TapeOp[] {
  using context = new NativeContext({ threads: 1 });
  using model = new ClipModel(context, { spec, imageSize: 16, textTokens: 5 });
  using pixels = new FixedTensor(context, [batch, 16, 16, 3], { dtype: "u8" });
  using ids = new FixedTensor(context, [batch, 5], { dtype: "i32" });
  using block = new FixedTensor(context, [16]);
  using tape = new Tape(context);
  const image = model.embedImages(tape, pixels, {}), text = model.embedTexts(tape, ids);
  const { loss } = contrastive(tape, image, text, model.parameters.get("logit_scale"));
  tape.backward([loss, 1]);
  adamw(tape, model.parameters, block, 0.1);
  return tape.ops;
}

function keyOf(op: StepOp): string {
  const { kind, dims, bias = false, residual = false, activation = "" } = op;
  return [kind, dims.join(), bias && "bias", residual && "residual", activation].join(" ");
}

function stepOpOf({ kind, dims, flags, reads, writes }: TapeOp): StepOp {
  const name = KINDS.get(kind) as StepOp["kind"];
  const at = { LINEAR: 3, LAYER_NORM_BACKWARD: 5, RESIDUAL_LAYER_NORM_BACKWARD: 4 }[name as string];
  return {
    kind: name,
    dims: name === "LINEAR" || name.startsWith("LINEAR") ? dims.slice(0, 3) : dims,
    bias: name === "LINEAR"
      ? reads[2] !== null
      : name === "LINEAR_BACKWARD_WEIGHT" && writes[1] !== null,
    residual: at !== undefined && reads[at] !== null,
    activation: name.startsWith("LINEAR")
      ? ({ 1: "erf", 2: "tanh" } as const)[flags & 15]
      : undefined,
    count: 1,
  };
}

/** How many there are of each op that is not on one row for each picture or caption. */
function counted(ops: readonly StepOp[], batch: number): Map<string, number> {
  const counts = new Map<string, number>();
  let updated = 0;
  for (const op of ops) {
    if (/^(POOL|L2|SCALE|CLAMP|COPY|FILL)/.test(op.kind)) continue;
    if (/^(LINEAR|LAYER|RESIDUAL)/.test(op.kind) && op.dims[0] === batch) continue;
    if (op.kind === "ADAMW") updated += op.dims[0];
    else counts.set(keyOf(op), (counts.get(keyOf(op)) ?? 0) + op.count);
  }
  return counts.set("ADAMW", updated);
}

Deno.test("stepOps lists what the tape records, for both flavours", () => {
  for (const flavour of ["jax", "torch"] as const) {
    const spec = tinySpec(flavour), batch = 3;
    const seen = counted(recorded(spec, batch).map(stepOpOf), batch);
    const listed = counted(stepOps(spec, { patches: 16, text: 5 }, batch), batch);
    // The count has the fixed table of positions, the store of parameters a little padding.
    const update = (counts: Map<string, number>) => {
      const size = counts.get("ADAMW")!;
      for (const key of [...counts.keys()]) {
        if (/^(ADAMW|GRADIENT_NORM)/.test(key)) counts.delete(key);
      }
      return size;
    };
    const padding = update(seen) - (update(listed) - 17 * spec.image.width);
    assert.ok(padding >= 0 && padding < 128, `${padding}`);
    assert.deepEqual(
      new Map([...listed].sort()),
      new Map([...seen].sort()),
      flavour,
    );
  }
});

Deno.test("cudaWork counts the operations of a step that the model's cost counts", () => {
  const spec = paperSpec("L/16"), batch = 64;
  const ops = stepOps(spec, { patches: 16, text: 16 }, batch);
  const flops = (part: string) =>
    ops.reduce((sum, op) =>
      sum + op.count * cudaWork(op).filter((work) => work.part === part)
          .reduce((total, work) => total + work.tensorFlops, 0), 0);
  // Three times the forward pass, less what the patches' own gradient would cost.
  const { image, text } = spec;
  const blocks = (tower: { width: number; mlp: number; layers: number }, tokens: number) =>
    tower.layers * tokens * (4 * tower.width ** 2 + 2 * tower.width * tower.mlp);
  const patches = 16 * 3 * 16 ** 2 * image.width;
  const want = batch * 2 * (3 * (blocks(image, 17) + blocks(text, 16)) + 2 * patches);
  assert.ok(Math.abs(flops("products") / want - 1) < 1e-12);
  assert.throws(() => cudaWork({ kind: "SOFTMAX", dims: [1, 1], count: 1 }), /SOFTMAX is not/);
});

Deno.test("projectStep is bounded by what it assumes", () => {
  const spec = paperSpec("H/14"), tokens = { patches: 36, text: 8 };
  for (const name of ["a100-80gb", "h100-sxm"]) {
    const { low, middle, high } = ASSUMED[name];
    const [poor, usual, good] = [low, middle, high].map((assumed) =>
      projectStep(spec, tokens, 256, HARDWARE[name], assumed)
    );
    assert.ok(poor.seconds > usual.seconds && usual.seconds > good.seconds);
    assert.ok(good.modelFlopUtilisation < high.products);
    const shares = Object.values(usual.parts).reduce((sum, share) => sum + share, 0);
    assert.ok(Math.abs(shares - 1) < 1e-12);
  }
  assert.throws(
    () => projectStep(spec, tokens, 256, HARDWARE["tpu-v3"], ASSUMED["a100-80gb"].middle),
    /hardware tpu-v3/,
  );
});

Deno.test("bench --project prints projections and says that they are none but that", async () => {
  const { environment, printed } = fakeEnvironment();
  const args = ["bench", "--project", "--only", "projection.a100-80gb.L16", "--json"];
  assert.equal(await runCli(COMMANDS, args, environment), 0);
  const { results } = JSON.parse(printed[0]);
  assert.equal(results.length, 4);
  for (const { name, value, low, high, note } of results) {
    assert.match(name, /^projection\.a100-80gb\.L16\.i(17\.t16|37\.t8)\.(mfu|samples)$/);
    assert.ok(low < value && value < high);
    assert.match(note, /^PROJECTION, not measured: .* 82 % of the peak \(70 % to 88 %\)/);
  }
});
