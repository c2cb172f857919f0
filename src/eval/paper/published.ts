/** Numbers that others have published on a model, with what they were measured under. */
export interface PublishedModel {
  /** open_clip's name and tag. */
  readonly name: string;
  readonly resolution: number;
  /** Fractions by benchmark and metric. */
  readonly values: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What all numbers of the table were measured under: open_clip's harness and its settings of CLIPA-v2. */
export const PUBLISHED_CONDITIONS = {
  fit: "squash",
  filter: "bilinear",
  templates: "openai-80",
  textTokens: 32,
} as const;

/** Columns of {@linkcode ROWS}, in order, as benchmark and metric. */
const COLUMNS = [
  ["imagenet1k", "top1"],
  ["imagenetv2", "top1"],
  ["imagenetsketch", "top1"],
  ["imageneta", "top1"],
  ["imagenetr", "top1"],
  ["imageneto", "top1"],
  ["objectnet", "top1"],
  ["flickr30k", "t2i.r1"],
  ["flickr30k", "i2t.r1"],
  ["mscoco", "t2i.r1"],
  ["mscoco", "i2t.r1"],
] as const;

/** From the result tables in open_clip's documentation: name, resolution, values. */
const ROWS: readonly (readonly [string, number, readonly number[]])[] = [
  [
    "ViT-L-14-CLIPA:datacomp1b",
    224,
    [.7957, .7305, .7061, .7125, .9288, .3370, .6988, .7356, .9020, .4695, .6512],
  ],
  [
    "ViT-L-14-CLIPA-336:datacomp1b",
    336,
    [.8026, .7346, .7087, .7771, .9329, .3290, .7317, .7462, .9040, .4715, .6564],
  ],
  [
    "ViT-H-14-CLIPA:datacomp1b",
    224,
    [.8152, .7498, .7272, .7701, .9426, .3135, .7423, .7588, .9100, .4910, .6698],
  ],
  [
    "ViT-H-14-CLIPA-336:datacomp1b",
    336,
    [.8180, .7562, .7282, .8275, .9438, .3115, .7742, .7652, .9060, .4928, .6716],
  ],
  [
    "ViT-H-14-CLIPA-336:laion2b",
    336,
    [.7910, .7241, .6994, .7213, .9269, .3655, .7022, .7814, .9230, .5013, .6752],
  ],
  [
    "ViT-bigG-14-CLIPA:datacomp1b",
    224,
    [.8270, .7699, .7431, .8179, .9512, .3075, .7694, .7786, .9190, .4996, .6780],
  ],
  [
    "ViT-bigG-14-CLIPA-336:datacomp1b",
    336,
    [.8309, .7726, .7454, .8599, .9535, .3130, .7966, .7828, .9220, .5042, .6776],
  ],
];

/** The released CLIPA-v2 models. */
export const PUBLISHED: readonly PublishedModel[] = ROWS.map(([name, resolution, numbers]) => {
  const values: Record<string, Record<string, number>> = {};
  COLUMNS.forEach(([bench, metric], i) => {
    values[bench] = { ...values[bench], [metric]: numbers[i] };
  });
  return { name, resolution, values };
});
