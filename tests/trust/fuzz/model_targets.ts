import { dirname } from "node:path";
import { isFloatType } from "../../../src/checkpoint/foreign/number_types.ts";
import { openWeights } from "../../../src/checkpoint/foreign/open_weights.ts";
import { readAll } from "../../../src/checkpoint/foreign/weight_file.ts";
import { openSafetensors, sha256, writeSafetensors } from "../../../src/checkpoint/safetensors.ts";
import { parseRecipe } from "../../../src/config/parse_recipe.ts";
import { SearchIndex } from "../../../src/eval/search/search_index.ts";
import { writeSearchIndex } from "../../../src/eval/search/write_index.ts";
import { NativeContext } from "../../../src/native/context.ts";
import { CARD_FILE, readModelCard } from "../../../src/onnx/model_card.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { loadTokenizer, saveTokenizer } from "../../../src/text/tokenizer_file.ts";
import { trainBpe } from "../../../src/text/train_bpe.ts";
import { tinyRecipe } from "../../config/tiny_recipe.ts";
import { madeCard } from "../../run/made_card.ts";
import { fileTarget, json, written } from "./file_target.ts";
import { forgeSafetensors } from "./forge_framed.ts";
import { forgeZip, zipMembers } from "./forge_zip.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { resealIndex } from "./reseal_index.ts";

async function safetensors(): Promise<FuzzTarget> {
  const seed = await written((path) => {
    writeSafetensors(path, [
      { name: "a.weight", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: "b", shape: [], data: Float32Array.of(7) },
    ], { kit: "0.1.0" });
  });
  return fileTarget("safetensors", "file.safetensors", [seed], (path) => {
    const file = openSafetensors(path);
    for (const name of file.names) file.tensor(name);
  }, { forge: forgeSafetensors });
}

/** Foreign weights of a form, every value of them. */
function weights(form: string, file: string, ...seeds: string[]): FuzzTarget {
  const folder = new URL("../../checkpoint/foreign/goldens/", import.meta.url);
  const read = (path: string) => {
    using opened = openWeights(path);
    for (const tensor of opened.tensors.values()) if (isFloatType(tensor.type)) readAll(tensor);
  };
  const bytes = seeds.map((name) => Deno.readFileSync(new URL(name, folder)));
  const archives = seeds.map((name) => zipMembers(new URL(name, folder).pathname));
  return fileTarget(`weights ${form}`, file, bytes, read, {
    slowness: 2,
    forge: (dice) => forgeZip(dice, dice.pick(archives)),
  });
}

async function tokenizer(): Promise<FuzzTarget> {
  const words = ["red cat", "black cat", "a boat on water", "umbrella", "boats"];
  const seed = await written((path) => saveTokenizer(path, new Tokenizer(trainBpe(words), "jax")));
  const reseal = (input: Uint8Array): Uint8Array => {
    try {
      const { sha256: _, ...content } = JSON.parse(new TextDecoder().decode(input));
      return json({ ...content, sha256: sha256(json(content)) });
    } catch {
      return input;
    }
  };
  return fileTarget("tokenizer", "tokenizer.json", [seed], (path) => {
    loadTokenizer(path).encodeIds("a red boat");
  }, { reseal });
}

/** The card of an exported model, which stands beside its ONNX graphs. */
function card(): FuzzTarget {
  const seed = json(madeCard(parseRecipe(tinyRecipe(), "tiny.yaml")));
  return fileTarget("model card", CARD_FILE, [seed], (path) => readModelCard(dirname(path)));
}

/** Opening it reads every byte; searching it hands the bytes to native code. */
async function searchIndex(): Promise<FuzzTarget> {
  const width = 5, count = 20;
  const rows = Float32Array.from({ length: width * count }, (_, i) => Math.sin(i));
  const seed = await written((path) =>
    writeSearchIndex(path, { count, width, identity: "0".repeat(64) }, [rows])
  );
  const context = new NativeContext({ threads: 1 });
  return fileTarget("search index", "icons.index", [seed], async (path) => {
    using index = SearchIndex.open(path, context);
    await index.search(new Float32Array(index.width).fill(1), Math.min(3, index.count));
  }, { reseal: resealIndex, slowness: 3, close: () => context[Symbol.dispose]() });
}

/** What describes or holds a model. */
export function modelTargets(): Promise<FuzzTarget[]> {
  return Promise.all([
    safetensors(),
    weights("torch", "weights.bin", "training_dict.bin", "state_dict.bin"),
    weights("npz", "weights.npz", "stored.npz", "packed.npz"),
    tokenizer(),
    card(),
    searchIndex(),
  ]);
}
