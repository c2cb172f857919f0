import assert from "node:assert/strict";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import { FLAVOURS } from "../../src/config/flavours.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { NativeContext } from "../../src/native/context.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { contrastive } from "../../src/tensor/ops/contrastive.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { compare, type Expectation, tolerance } from "../goldens/expectation.ts";
import { hashedFloats, hashedIntegers } from "../goldens/hashed.ts";

interface TowerSizes {
  readonly width: number;
  readonly heads: number;
  readonly mlp: number;
}

/** A whole model by JAX in double precision; see tests/goldens/reference/model.py. */
interface ModelGolden {
  readonly shape: {
    readonly batch: number;
    readonly imageSize: number;
    readonly patch: number;
    readonly textTokens: number;
    readonly vocabulary: number;
    readonly embed: number;
    readonly layers: number;
    readonly image: TowerSizes;
    readonly text: TowerSizes;
  };
  readonly loss: number;
  readonly image: Expectation;
  readonly text: Expectation;
  readonly parameters: Readonly<
    Record<string, { shape: number[]; range: [number, number]; gradient: Expectation }>
  >;
}

function readGolden(flavour: string): ModelGolden {
  const url = new URL(`../goldens/models/${flavour}.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url));
}

/** The golden's model as the flavour's defaults give it; the torch one learns its positions. */
function specOf(flavour: "jax" | "torch", { shape }: ModelGolden): ModelSpec {
  const { image, text, ...rest } = FLAVOURS[flavour];
  const { layers, patch, vocabulary, embed } = shape;
  const position = flavour === "torch" ? "learned" : image.position;
  return {
    ...rest,
    preset: null,
    flavour,
    embed,
    image: { ...image, ...shape.image, layers, patch, position },
    text: { ...text, ...shape.text, layers, vocabulary },
  };
}

/** Loss, features and parameter gradients of the golden's batch, by our tape. */
async function run(model: ClipModel, golden: ModelGolden, eager: boolean) {
  const { context, parameters } = model;
  const { batch, imageSize, textTokens, vocabulary } = golden.shape;
  for (const { name, shape } of parameters.specs) {
    const count = shape.reduce((a, b) => a * b, 1);
    parameters.get(name).write(hashedFloats(name, count, ...golden.parameters[name].range));
    parameters.get(name).gradient!.write(new Float32Array(count).fill(NaN));
  }
  const pictures = [batch, imageSize, imageSize, 3];
  using pixels = new FixedTensor(context, pictures, {
    dtype: "u8",
    values: Uint8Array.from(hashedIntegers("pixels", batch * imageSize ** 2 * 3, 0, 256)),
  });
  using ids = new FixedTensor(context, [batch, textTokens], {
    dtype: "i32",
    values: hashedIntegers("ids", batch * textTokens, 0, vocabulary),
  });
  using tape = new Tape(context, { eager });
  const image = tape.retain(model.embedImages(tape, pixels));
  const text = tape.retain(model.embedTexts(tape, ids));
  const { loss } = contrastive(tape, image, text, parameters.get("logit_scale"));
  tape.retain(loss);
  tape.backward([loss, 1]);
  using program = eager ? null : tape.compile();
  await program?.run();
  const gradients = new Map(
    parameters.specs.map(({ name }) => [name, parameters.copy(name, "gradient").read()]),
  );
  return { loss: loss.read()[0], image: image.read(), text: text.read(), gradients };
}

for (const flavour of ["jax", "torch"] as const) {
  const golden = readGolden(flavour);
  const { imageSize, textTokens } = golden.shape;
  const shape = { spec: specOf(flavour, golden), imageSize, textTokens };

  Deno.test(`ClipModel has the names and shapes of open_clip when its flavour is ${flavour}`, () => {
    using context = new NativeContext({ threads: 1 });
    using model = new ClipModel(context, shape);
    const ours = model.parameters.specs.map(({ name, shape }) => [name, [...shape]]);
    const wanted = Object.entries(golden.parameters).map(([name, { shape }]) => [name, shape]);
    assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(wanted));
  });

  Deno.test(`ClipModel gives JAX's loss and every gradient when its flavour is ${flavour}`, async () => {
    using context = new NativeContext({ threads: 2 });
    using model = new ClipModel(context, shape);
    const seen = await run(model, golden, false);
    const problems: (string | null)[] = [];
    let used = 0;
    let worst = "loss";
    const expect = (name: string, values: Float32Array, want: Expectation) => {
      const result = compare(name, values, want);
      problems.push(result.problem);
      if (!(result.used <= used)) [used, worst] = [result.used, name];
    };
    expect("image", seen.image, golden.image);
    expect("text", seen.text, golden.text);
    for (const [name, { gradient }] of Object.entries(golden.parameters)) {
      expect(name, seen.gradients.get(name)!, gradient);
    }
    if (Deno.env.get("CLIPA_TEST_VERBOSE")) console.error(flavour, used, worst, seen.loss);
    const allowed = tolerance(golden.image.depth) * golden.loss;
    assert.ok(Math.abs(seen.loss - golden.loss) <= allowed, `loss ${seen.loss} ${golden.loss}`);
    assert.deepEqual(problems.filter(Boolean), []);
  });

  Deno.test(`ClipModel gives the same bits when eager or compiled, flavour ${flavour}`, async () => {
    using context = new NativeContext({ threads: 2 });
    using model = new ClipModel(context, shape);
    const eager = await run(model, golden, true);
    assert.deepEqual(await run(model, golden, false), eager);
  });
}
