import { inFolder, type Row, share } from "../row.ts";
import { runSmall, smallRecipe, weightsHash } from "../small_experiment.ts";

/** R1. */
export const sameBits: Row = {
  id: "R1",
  promise: "the same recipe on the same machine gives the same bits, with any thread count",
  measure: ({ quick }) =>
    inFolder(async (dir) => {
      const [short, full] = smallRecipe().stages;
      const recipe = quick ? smallRecipe() : smallRecipe({
        stages: [{ ...short, samples: 150 * 32 }, { ...full, samples: 50 * 32 }],
      });
      const steps = quick ? 20 : 200;
      const hashes: string[] = [];
      const before = Deno.env.get("CLIPA_THREADS");
      try {
        for (const threads of ["1", "2"]) {
          Deno.env.set("CLIPA_THREADS", threads);
          for (let turn = 0; turn < 3; turn++) {
            const out = `t${threads}-${turn}`;
            await runSmall(dir, out, { recipe });
            hashes.push(weightsHash(`${dir}/${out}`));
          }
        }
      } finally {
        if (before === undefined) Deno.env.delete("CLIPA_THREADS");
        else Deno.env.set("CLIPA_THREADS", before);
      }
      const same = hashes.filter((hash) => hash === hashes[0]).length;
      return share(same, 6, `runs of ${steps} steps, 3 with 1 and 3 with 2 threads, alike; CPU`);
    }),
};

/** R2. */
export const exactResume: Row = {
  id: "R2",
  promise: "a run that was stopped at any step goes on to the same weights",
  measure: ({ quick }) =>
    inFolder(async (dir) => {
      await runSmall(dir, "whole");
      const wanted = weightsHash(`${dir}/whole`);
      // 14 steps of the first stage, past an epoch's end after 12; 6 of the second, in two parts each.
      const all = Array.from({ length: 20 }, (_, i) => i + 1);
      const stops = quick ? [1, 12, 13, 14, 15, 20] : all;
      let same = 0;
      for (const stop of stops) {
        const result = await runSmall(dir, `s${stop}`, { stopAfter: stop });
        if (result === null) await runSmall(dir, `s${stop}`, { resume: true });
        if (weightsHash(`${dir}/s${stop}`) === wanted) same++;
      }
      return share(same, stops.length, "stops, in both stages, between them and at an epoch's end");
    }),
};
