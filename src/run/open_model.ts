import { openSafetensors } from "../checkpoint/safetensors.ts";
import { ClipModel } from "../model/clip_model.ts";
import type { NativeContext } from "../native/context.ts";
import { checkModelFiles, readModelCard } from "../onnx/model_card.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { loadTokenizer } from "../text/tokenizer_file.ts";

/** An exported model in the training library. */
export interface OpenModel extends Disposable {
  readonly model: ClipModel;
  readonly tokenizer: CaptionTokenizer;
}

/**
 * Opens the weights of an exported model in the training library, for its own forward pass.
 *
 * @throws {Error} when there is no model or a file is missing; {SyntaxError} when a file is damaged
 * or has other weights than its card says.
 */
export function openModel(dir: string, context: NativeContext): OpenModel {
  const card = readModelCard(dir);
  const weights = card.files.find(({ path }) => path.endsWith(".safetensors"))?.path;
  if (weights === undefined) {
    throw new SyntaxError(`${dir}/model.json lists no weights; export anew`);
  }
  checkModelFiles(dir, card, [weights, card.tokenizer.file]);
  const { imageSize, textTokens } = card;
  using stack = new DisposableStack();
  const model = stack.use(new ClipModel(context, { spec: card.model, imageSize, textTokens }));
  const file = openSafetensors(`${dir}/${weights}`);
  const names = new Set(file.names);
  for (const { name, shape } of model.parameters.specs) {
    const tensor = names.has(name) ? file.tensor(name) : undefined;
    const count = shape.reduce((product, size) => product * size, 1);
    if (tensor?.data.length !== count) {
      throw new SyntaxError(
        `${file.path}: ${name} is [${tensor?.shape ?? "missing"}]; [${shape}] expected; ` +
          'export the model again with "deno task export"',
      );
    }
    model.parameters.get(name).write(tensor.data);
  }
  const owned = stack.move();
  const tokenizer = loadTokenizer(`${dir}/${card.tokenizer.file}`);
  return { model, tokenizer, [Symbol.dispose]: () => owned.dispose() };
}
