/**
 * One of several ranks that are timed: for every line that rank 0 reads it runs some steps together
 * with the others and prints their seconds. Started by mpirun: `rank_steps.ts <shape as JSON>`.
 *
 * @module
 */
import { inGroup } from "../../dist/in_group.ts";
import { NativeContext } from "../../native/context.ts";
import { BenchStep } from "../../run/bench/bench_model.ts";

if (import.meta.main) {
  const { steps, ...shape } = JSON.parse(Deno.args[0]);
  const input = Deno.stdin.readable.getReader();
  await inGroup(
    (name) => Deno.env.get(name),
    "cpu",
    new AbortController().signal,
    async (group) => {
      using context = new NativeContext({ threads: 1 });
      using bench = new BenchStep(context, shape, group);
      for (;;) {
        // A byte a round: the asker waits for each answer.
        const more = await group.share(group.rank === 0 && !(await input.read()).done);
        if (!more) return;
        let seconds = 0;
        for (let i = 0; i < steps; i++) seconds += await bench.seconds();
        if (group.rank === 0) console.log(JSON.stringify({ seconds }));
      }
    },
  );
  Deno.exit(0);
}
