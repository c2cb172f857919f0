import type { ModelCard } from "../../onnx/model_card.ts";
import type { BenchScore } from "../run_experiment.ts";

/** What a card says besides what `model.json` holds. */
export interface CardFacts {
  /** Scores of the run that the model comes from, by benchmark; none where it was not evaluated. */
  readonly scores: Readonly<Record<string, BenchScore>>;
  /** Licence of the weights as Hugging Face names it; null where nobody stated one. */
  readonly license: string | null;
}

/**
 * The text of a model's README.md in the layout of Hugging Face: front matter that its site reads, then
 * facts only. Numbers are those of the files; what was not measured is said not to be.
 */
export function cardText(card: ModelCard, facts: CardFacts): string {
  const openClip = card.files.some(({ path }) => path === "open_clip_config.json");
  return [
    ...frontMatter(openClip, facts),
    `# ${card.name}`,
    "",
    ...summary(card),
    ...use(card, openClip),
    ...model(card),
    ...origin(card),
    ...scores(facts),
    ...files(card),
  ].join("\n") + "\n";
}

function frontMatter(openClip: boolean, { license }: CardFacts): string[] {
  return [
    "---",
    ...(license === null ? [] : [`license: ${license}`]),
    `library_name: ${openClip ? "open_clip" : "onnx"}`,
    "pipeline_tag: zero-shot-image-classification",
    "tags: [clip, clipa]",
    "---",
    "",
  ];
}

function summary({ model, width, imageSize, textTokens }: ModelCard): string[] {
  return [
    `A CLIP model of the ${model.flavour} flavour of CLIPA: pictures of ${imageSize} x ${imageSize} pixels and ` +
    `captions of ${textTokens} tokens become ${width} features.`,
    "",
  ];
}

function use({ graphs }: ModelCard, openClip: boolean): string[] {
  const lines = ["## Use", ""];
  if (graphs.portable || graphs.fast) {
    lines.push(
      "```sh",
      'deno task search "red arrow" --model DIR',
      "deno task embed --model DIR --text captions.txt --out features.npy",
      "deno task eval --model DIR",
      "```",
    );
  } else {
    lines.push("The folder holds bare weights; their names are those of open_clip.");
  }
  if (openClip) {
    lines.push(
      "",
      "```python",
      "import open_clip",
      'open_clip.create_model("local-dir:DIR")',
      "```",
    );
  }
  return [...lines, ""];
}

function model({ model, preprocessing, pooling, logitScale }: ModelCard): string[] {
  const { image, text } = model;
  const tower = ({ width, layers, heads, mlp }: typeof image | typeof text) =>
    `width ${width}, ${layers} blocks, ${heads} heads, perceptron ${mlp}`;
  return [
    "## Model",
    "",
    ...table([
      ["picture tower", `${tower(image)}; patches of ${image.patch} px, pooling ${pooling.image}`],
      ["caption tower", `${tower(text)}; ${text.vocabulary} token rows, pooling ${pooling.text}`],
      [
        "pixels",
        `${preprocessing.filter} to ${preprocessing.size} px, ${preprocessing.fit}, ` +
        `mean and deviation of ${preprocessing.pixels}`,
      ],
      ["similarity", `cosine x ${logitScale.toPrecision(6)}`],
    ]),
  ];
}

function origin({ provenance, parity }: ModelCard): string[] {
  const state = provenance.dirty ? " with local changes" : "";
  const rows = [
    ["recipe", `${provenance.recipe} (sha256 ${provenance.recipeHash.slice(0, 12)})`],
    ["data", provenance.dataSet || "not known"],
    ["pairs seen", provenance.samples.toLocaleString("en")],
    ["stage", `${provenance.stage}${provenance.finished ? "" : "; the run was not finished"}`],
    [
      "weights",
      provenance.weights === "average" ? "averaged over the last steps" : "of the last step",
    ],
    ["source", provenance.commit === null ? "not known" : `${provenance.commit}${state}`],
    ...Object.entries(parity).map(([form, { cosineMin, maxAbs }]) => [
      `${form} graphs`,
      `cosine to the training library at least ${roundDown(cosineMin)}, difference at most ` +
      maxAbs.toExponential(1),
    ]),
  ];
  return ["## Where it comes from", "", ...table(rows)];
}

function scores({ scores }: CardFacts): string[] {
  const rows = Object.entries(scores);
  if (rows.length === 0) {
    return ["## Evaluation", "", "Not measured with this card.", ""];
  }
  const percent = (share: number) => (100 * share).toFixed(1);
  return [
    "## Evaluation",
    "",
    "Zero-shot, in percent.",
    "",
    "| benchmark | top-1 | standard error | top-5 | n | classes | px | text tokens | prompts cut |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(([name, score]) =>
      `| ${
        [
          name,
          percent(score.top1),
          percent(score.se),
          percent(score.top5),
          score.n,
          score.classes,
          score.resolution,
          score.textTokens,
          percent(score.truncatedPrompts),
        ].join(" | ")
      } |`
    ),
    "",
  ];
}

function files({ files }: ModelCard): string[] {
  return [
    "## Files",
    "",
    "| file | bytes | sha256 |",
    "| --- | --- | --- |",
    ...files.map(({ path, bytes, sha256 }) => `| ${path} | ${bytes} | ${sha256} |`),
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  return [
    "| | |",
    "| --- | --- |",
    ...rows.map((cells) => `| ${cells.map(escape).join(" | ")} |`),
    "",
  ];
}

/** Names from recipes and paths may hold signs of Markdown. */
function escape(text: string): string {
  return text.replace(/[|\\`*_<>[\]]/g, "\\$&").replace(/\s+/g, " ");
}

/** Seven digits of a lower bound, which rounding must not raise. */
function roundDown(cosine: number): string {
  return (Math.floor(cosine * 1e7) / 1e7).toFixed(7);
}
