import { FLAVOURS } from "./flavours.ts";
import { isPlainObject, mergeDeep, type PlainObject } from "./plain_object.ts";
import { PRESETS } from "./presets.ts";
import {
  RECIPE_DEFAULTS,
  SPIKE_DEFAULTS,
  STAGE_DEFAULTS,
  STREAM_DEFAULTS,
} from "./recipe_defaults.ts";

/**
 * Fills in what a recipe left out: defaults, the fields of its preset and flavour, and of a resized
 * picture's size and token count the one that follows from the other. Values of the recipe always
 * win; nothing is checked here.
 */
export function fillRecipe(raw: PlainObject): PlainObject {
  const filled = mergeDeep(RECIPE_DEFAULTS, raw) as PlainObject;
  if (isPlainObject(raw.data) && isPlainObject(raw.data.captions)) {
    // A recipe that lists some levels means those only.
    const none = { l1: 0, l2: 0, l3: 0, l4: 0, l5: 0 };
    (filled.data as PlainObject).captions = { ...none, ...raw.data.captions };
  }
  if (isPlainObject(raw.data) && isPlainObject(raw.data.stream)) {
    (filled.data as PlainObject).stream = mergeDeep(STREAM_DEFAULTS, raw.data.stream);
  }
  const { guards } = filled;
  // A recipe without guards has none in its filled form either, so that its hash stays.
  if (isPlainObject(guards) && isPlainObject(guards.spike)) {
    filled.guards = { ...guards, spike: { ...SPIKE_DEFAULTS, ...guards.spike } };
  }
  filled.model = fillModel(filled.model, raw.loss);
  const patch = patchOf(filled.model);
  if (Array.isArray(filled.stages)) {
    filled.stages = filled.stages.map((stage) => fillStage(stage, patch));
  }
  return filled;
}

/** Where SigLIP's scale starts. */
const SIGMOID_SCALE = { logitScaleInit: 10 };

function fillModel(model: unknown, loss: unknown): unknown {
  if (!isPlainObject(model)) return model;
  const sigmoid = isPlainObject(loss) && loss.kind === "sigmoid";
  const flavour = mergeDeep(own(FLAVOURS, model.flavour) ?? {}, sigmoid ? SIGMOID_SCALE : {});
  const preset = own(PRESETS, model.preset);
  return mergeDeep(mergeDeep(flavour, preset), model);
}

function fillStage(stage: unknown, patch: number | undefined): unknown {
  if (!isPlainObject(stage)) return stage;
  const filled = mergeDeep(STAGE_DEFAULTS, stage) as PlainObject;
  const { image } = filled;
  if (patch === undefined || !isPlainObject(image)) return filled;
  const { size, tokens, strategy } = image;
  if (strategy !== "resize") return filled;
  // Rounded when nothing fits: the check then names the nearest allowed values.
  if (typeof size === "number" && tokens === undefined) {
    image.tokens = Math.max(1, Math.floor(size / patch)) ** 2;
  } else if (typeof tokens === "number" && tokens >= 1 && size === undefined) {
    image.size = Math.round(Math.sqrt(tokens)) * patch;
  }
  return filled;
}

function patchOf(model: unknown): number | undefined {
  if (!isPlainObject(model) || !isPlainObject(model.image)) return undefined;
  const { patch } = model.image;
  return typeof patch === "number" && patch >= 1 ? patch : undefined;
}

function own(table: object, key: unknown): unknown {
  return typeof key === "string" && Object.hasOwn(table, key)
    ? (table as PlainObject)[key]
    : undefined;
}
