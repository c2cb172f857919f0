import type { Bench } from "./bench.ts";
import { spread } from "./spread.ts";

const CYCLES = 10_000;
const RUNS = 7;

/** `ort.create.dispose`: memory after 10,000 sessions over memory before. `ort.loop.blocked`: the longest
 * time for which a run of one second kept the event loop from a timer. */
export const ortHealth: Bench = {
  names: ["ort.create.dispose", "ort.loop.blocked"],
  async run({ signal }) {
    const { busyRunGaps, cycleMemory } = await import("../../run/bench/ort_health.ts");
    const { before, after, rounds } = await cycleMemory(CYCLES);
    const gaps: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      signal.throwIfAborted();
      gaps.push((await busyRunGaps(1)).longest);
    }
    return [
      {
        name: "ort.create.dispose",
        unit: "1",
        ...spread([after / before]),
        note:
          `resident memory after ${CYCLES} sessions over before, after ${
            2 * CYCLES
          } to warm up; MiB ` +
          `after each ${CYCLES / 5}: ${
            rounds.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(", ")
          }`,
      },
      {
        name: "ort.loop.blocked",
        unit: "ms",
        ...spread(gaps),
        note: "longest gap between ticks of a 1 ms timer during a run of one second on one thread",
      },
    ];
  },
};
