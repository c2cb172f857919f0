import { bakeShards } from "../../../src/data/bake/bake_shards.ts";
import { openRecords } from "../../../src/data/records/records.ts";
import { NativeContext } from "../../../src/native/context.ts";
import { openTrainingData } from "../../../src/run/training_data.ts";
import { sha256 } from "../../../src/checkpoint/safetensors.ts";
import { PairLoader } from "../../../src/data/loader/pair_loader.ts";
import { planText } from "../../../src/tokens/text_reduction.ts";
import { grayPng, writeShard } from "../../data/shard_fixture.ts";
import { makeSmallSet } from "../../run/small_set.ts";
import { formatReport } from "../fuzz/format_report.ts";
import { fuzzAll } from "../fuzz/fuzz_all.ts";
import { MEMORY_LIMIT } from "../fuzz/fuzz_target.ts";
import { inFolder, type Row, share } from "../row.ts";
import { smallRecipe } from "../small_experiment.ts";

/** R6. */
export const batchOrder: Row = {
  id: "R6",
  promise: "the order and bytes of batches do not depend on how many are prepared at a time",
  measure: () =>
    inFolder(async (dir) => {
      const recipe = smallRecipe();
      const [{ image, text, augment }] = recipe.stages;
      const data = openTrainingData(makeSmallSet(dir), recipe);
      const seen: string[] = [];
      for (const prefetch of [1, 2, 8]) {
        using context = new NativeContext();
        using loader = new PairLoader(context, {
          records: data.records,
          captions: data.captions,
          order: data.order,
          batch: 32,
          imageSize: image.size,
          filter: recipe.model.image.filter,
          textTokens: text.tokens,
          captionWeights: [1, 1, 0, 0, 0],
          shorten: planText(text),
          augment,
          seed: 5,
          prefetch,
        });
        let all = "";
        for (let i = 0; i < 40; i++) {
          const { rows, images, tokens } = await loader.next();
          const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
          all += `${rows} ${sha256(images)} ${sha256(bytes)}\n`;
        }
        seen.push(all);
      }
      const same = seen.filter((all) => all === seen[0]).length;
      return share(same, 3, "of 1, 2 and 8 batches ahead give the same 40 batches");
    }),
};

/** R9. */
export const brokenSamples: Row = {
  id: "R9",
  promise:
    "up to 1 % broken samples are counted and left out; more stop the run and name the shard",
  measure: () =>
    inFolder(async (dir) => {
      const picture = grayPng(8, 8, new Uint8Array(64).fill(90));
      const bake = (name: string, broken: number) => {
        const samples = Object.fromEntries(
          Array.from({ length: 300 }, (_, i) => {
            const png = i % 97 === 3 && i < 97 * broken ? picture.slice(0, 40) : picture;
            return [`s${i}`, { png, txt: `thing ${i}` }];
          }),
        );
        writeShard(`${dir}/${name}.tar`, samples);
        const form = { side: 8, filter: "bilinear", fit: "squash" } as const;
        return bakeShards({ ...form, shards: [`${dir}/${name}.tar`], out: `${dir}/${name}.bin` });
      };
      const fine = await bake("fine", 3);
      const counted = fine.skipped.reduce((sum, { count }) => sum + count, 0);
      const checks = [
        fine.count === 297 && counted === 3 && openRecords(fine.path).count === 297,
        await bake("many", 4).then(() => false, (error) => /many\.tar/.test(String(error))),
      ];
      // A shard that was cut: no archive at all.
      Deno.truncateSync(`${dir}/fine.tar`, 20_000);
      const form = { side: 8, filter: "bilinear", fit: "squash" } as const;
      const cut = bakeShards({ ...form, shards: [`${dir}/fine.tar`], out: `${dir}/cut.bin` });
      checks.push(await cut.then(() => false, (error) => /fine\.tar/.test(String(error))));
      const right = checks.filter(Boolean).length;
      return share(right, 3, "cases: 1 % broken, more, and a truncated shard", checks.join());
    }),
};

/** R10. */
export const hostileFiles: Row = {
  id: "R10",
  promise: "hostile files never crash, hang or take memory beyond their limit",
  async measure({ quick, cases: wanted, signal, stateDir, code, onProgress }) {
    const cases = quick ? 2000 : wanted;
    const { reports, stopped } = await fuzzAll(cases, 20261125, {
      signal,
      code,
      onProgress,
      statePath: stateDir === undefined ? undefined : `${stateDir}/fuzz.json`,
    });
    // The table of a long count, or what there is of it.
    if (stopped || !quick) { for (const report of reports) console.error(formatReport(report)); }
    signal?.throwIfAborted();
    const total = reports.reduce((sum, report) => sum + report.cases, 0);
    const failed = reports.filter(({ failures, memoryBytes }) =>
      failures.length > 0 || memoryBytes > 2 * MEMORY_LIMIT
    );
    for (const { name, failures } of failed) {
      for (const { problem, input } of failures) {
        console.error(`${name}: ${problem}\n${Uint8Array.from(input).toBase64()}`);
      }
    }
    const most = Math.max(...reports.map(({ memoryBytes }) => memoryBytes));
    const slowest = Math.max(...reports.map(({ slowest }) => slowest));
    const shares = reports.map(({ name, cases }) => `${name} ${cases}`).join(", ");
    return {
      pass: !stopped && failed.length === 0 && total >= cases,
      figure: total,
      unit: "cases",
      note:
        `${reports.length} formats (${shares}); at most ${(most / 2 ** 20).toFixed(0)} MiB and ` +
        `${slowest.toFixed(2)} s of processor time` +
        (failed.length === 0 ? "" : `; failing: ${failed.map(({ name }) => name).join()}`),
    };
  },
};
