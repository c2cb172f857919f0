import { openSafetensors, sha256 } from "../../src/checkpoint/safetensors.ts";
import { NativeContext } from "../../src/native/context.ts";
import type { GraphForm } from "../../src/onnx/graph/tower_graph.ts";
import { graphBytes, randomModel, SMALL_MODELS, WEIGHTS, writeGraphs } from "./small_models.ts";

/** What goldens/make_checked_graphs.ts stores. */
export interface CheckedGraphs {
  readonly made: string;
  /** SHA-256 of each graph that passed, by model and file. */
  readonly portable: Readonly<Record<string, string>>;
}

/**
 * SHA-256 of all graphs of the small models, with zeros for the places of their weights: those
 * change with the weights' file, and other tests run them.
 *
 * @param visit Sees each model's folder before it is removed.
 */
export async function graphHashes(
  form: GraphForm,
  visit: (dir: string) => Promise<void> = () => Promise.resolve(),
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  using context = new NativeContext({ threads: 1 });
  for (const { title, shape } of SMALL_MODELS) {
    const dir = await Deno.makeTempDir();
    try {
      using model = randomModel(context, shape);
      writeGraphs(dir, model, form);
      const weights = openSafetensors(`${dir}/${WEIGHTS}`);
      const place = (name: string) => ({ ...weights.place(name), offset: 0 });
      const graphs = graphBytes(shape, form, { ...weights, place });
      for (const [file, bytes] of Object.entries(graphs)) {
        hashes[`${title}/${file}`] = sha256(bytes);
      }
      await visit(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }
  return hashes;
}
