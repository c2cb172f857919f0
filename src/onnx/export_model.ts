import {
  openSafetensors,
  type StoredTensor,
  writeSafetensors,
  writeWhole,
} from "../checkpoint/safetensors.ts";
import { fileSha256 } from "../data/icons/write_whole.ts";
import { type ClipModel, PIXEL_STATISTICS } from "../model/clip_model.ts";
import type { ModelShape } from "../model/model_shape.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { saveTokenizer } from "../text/tokenizer_file.ts";
import { ClipOnnx } from "./clip_onnx.ts";
import { OPSET } from "./graph/graph_builder.ts";
import { imageGraph } from "./graph/image_graph.ts";
import { textGraph } from "./graph/text_graph.ts";
import type { GraphForm } from "./graph/tower_graph.ts";
import {
  CARD_FILE,
  type GraphFiles,
  type ModelCard,
  type ModelFile,
  type Parity,
  type Provenance,
} from "./model_card.ts";
import { writeModelFolder } from "./model_folder.ts";
import { foldedPatches, openClipWeights } from "./onnx_weights.ts";
import { openClipConfig } from "./open_clip_config.ts";
import {
  compareGraphs,
  keepsParity,
  PARITY_LIMITS,
  type ParityReference,
  parityReference,
  worst,
} from "./parity.ts";

/** Forms of an exported model by name. */
export const EXPORT_FORMS = ["fast", "portable", "open_clip", "safetensors"] as const;

/** A form of an exported model. */
export type ExportForm = typeof EXPORT_FORMS[number];

/** What is exported. */
export interface ExportSource {
  readonly name: string;
  readonly model: ClipModel;
  /** Which copy of the weights. */
  readonly weights: ParameterCopy;
  readonly tokenizer: CaptionTokenizer;
  readonly provenance: Provenance;
  /** Called when the model is needed no more, so that it and the graphs never stand in memory together. */
  readonly release?: () => void;
}

/** A finished export. */
export interface ExportResult {
  /** Folder of the model. */
  readonly model: string;
  readonly files: readonly ModelFile[];
  /** The worst over all graphs. */
  readonly parity: Parity;
  readonly card: ModelCard;
}

const TOKENIZER = "tokenizer.json";

/**
 * Writes a model as files that others can run, and proves them: the graphs run through ONNX Runtime on
 * the very weights that were written, and a model whose answers differ from the training library's is
 * not left behind. Bare weights are proved by graphs that are removed afterwards.
 *
 * @param out Folder of the model; an older model there is replaced.
 * @param form Default both kinds of graphs: `image.onnx` and `text.onnx` fast, `*.portable.onnx` beside.
 * @throws {Error} when the folder cannot be written or holds something else, or parity fails.
 */
export function exportModel(
  source: ExportSource,
  out: string,
  form?: ExportForm,
): Promise<ExportResult> {
  const { shape } = source.model;
  const { parameters } = source.model;
  const bias = parameters.has("logit_bias")
    ? parameters.copy("logit_bias", source.weights).read()[0]
    : undefined;
  const config = form === "open_clip" ? openClipConfig(shape, bias, source.tokenizer.kind) : null;
  return writeModelFolder(out, async (dir) => {
    const bare = form === "open_clip" || form === "safetensors";
    const graphs = graphFiles(bare ? "portable" : form);
    const weights = form === "open_clip" ? "open_clip_model.safetensors" : "weights.safetensors";
    writeWeights(`${dir}/${weights}`, source, graphs.fast !== undefined);
    writeGraphs(dir, shape, graphs, weights);
    saveTokenizer(`${dir}/${TOKENIZER}`, source.tokenizer);
    if (config) writeText(`${dir}/open_clip_config.json`, JSON.stringify(config, null, 2));

    const written = [...Deno.readDirSync(dir)].map(({ name }) => describeFile(dir, name));
    const draft = cardOf(source, written, graphs);
    writeText(`${dir}/${CARD_FILE}`, JSON.stringify(draft, null, 1));
    const parity: Partial<Record<GraphForm, Parity>> = {};
    const reference = await parityReference(source.model, source.weights, source.tokenizer);
    source.release?.();
    for (const graph of Object.keys(graphs) as GraphForm[]) {
      parity[graph] = await prove(reference, dir, graph);
    }
    const removed: string[] = bare ? Object.values(graphs.portable!) : [];
    removed.forEach((path) => Deno.removeSync(`${dir}/${path}`));
    const kept = written.filter(({ path }) => !removed.includes(path));
    const card = { ...draft, files: sorted(kept), graphs: bare ? {} : graphs, parity };
    writeText(`${dir}/${CARD_FILE}`, JSON.stringify(card, null, 1));
    const files = [...card.files, describeFile(dir, CARD_FILE)];
    return { model: out, files, parity: worst(Object.values(parity)), card };
  });
}

function graphFiles(form?: GraphForm): { [form in GraphForm]?: GraphFiles } {
  const named = (infix: string): GraphFiles => ({
    image: `image${infix}.onnx`,
    text: `text${infix}.onnx`,
    masked: `image.masked${infix}.onnx`,
  });
  if (form) return { [form]: named("") };
  return { fast: named(""), portable: named(".portable") };
}

function writeWeights(path: string, source: ExportSource, folded: boolean): void {
  const { model, provenance } = source;
  const tensors: StoredTensor[] = openClipWeights(model, source.weights);
  if (folded) {
    const conv = tensors.find(({ name }) => name === "visual.conv1.weight")!;
    tensors.push(...foldedPatches(model.shape, conv.data));
  }
  // The layouts are PyTorch's, which is what readers take "pt" for.
  writeSafetensors(path, tensors, { format: "pt", recipe: provenance.recipeHash });
}

function writeGraphs(
  dir: string,
  shape: ModelShape,
  graphs: { readonly [form in GraphForm]?: GraphFiles },
  file: string,
): void {
  const weights = openSafetensors(`${dir}/${file}`);
  for (const [form, paths] of Object.entries(graphs) as [GraphForm, GraphFiles][]) {
    const made = {
      image: imageGraph(shape, form, weights, file),
      masked: imageGraph(shape, form, weights, file, { masked: true }),
      text: textGraph(shape, form, weights, file),
    };
    for (const [name, graph] of Object.entries(made)) {
      writeWhole(`${dir}/${paths[name as keyof GraphFiles]}`, [graph.bytes()]);
    }
  }
}

async function prove(
  reference: ParityReference,
  dir: string,
  graph: GraphForm,
): Promise<Parity> {
  using onnx = await ClipOnnx.open(dir, { graph, provider: "cpu" });
  const found = await compareGraphs(reference, onnx);
  if (keepsParity(found)) return found;
  const say = ({ cosineMin, maxAbs }: Parity) => `cosine ${cosineMin}, difference ${maxAbs}`;
  throw new Error(
    `the ${graph} graphs differ from the training library: seen ${say(found)}; allowed: ` +
      `${
        say(PARITY_LIMITS)
      }; nothing was written. Are the weights finite? See metrics.jsonl of the run`,
  );
}

function cardOf(
  source: ExportSource,
  files: readonly ModelFile[],
  graphs: ModelCard["graphs"],
): ModelCard {
  const { model, provenance, name } = source;
  const { spec, imageSize, textTokens } = model.shape;
  const { image, text } = spec;
  const statistics = PIXEL_STATISTICS[image.pixels];
  return {
    format: "clipa-kit/model",
    version: 1,
    name,
    width: spec.embed,
    imageSize,
    textTokens,
    model: spec,
    preprocessing: {
      size: imageSize,
      filter: image.filter,
      fit: "squash",
      pixels: image.pixels,
      mean: statistics.slice(0, 3),
      std: statistics.slice(3),
    },
    tokenizer: { file: TOKENIZER, sha256: files.find(({ path }) => path === TOKENIZER)!.sha256 },
    pooling: { image: image.pool, text: text.pool },
    logitScale: Math.exp(model.parameters.copy("logit_scale", source.weights).read()[0]),
    opset: OPSET,
    graphs,
    parity: {},
    files: sorted(files),
    provenance,
  };
}

function sorted(files: readonly ModelFile[]): ModelFile[] {
  return files.toSorted((a, b) => a.path < b.path ? -1 : 1);
}

function describeFile(dir: string, path: string): ModelFile {
  const { bytes, sha256 } = fileSha256(`${dir}/${path}`);
  return { path, bytes, sha256 };
}

function writeText(path: string, text: string): void {
  writeWhole(path, [new TextEncoder().encode(text + "\n")]);
}
