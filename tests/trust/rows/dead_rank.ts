import { stopAtAbort } from "../../../src/run/stop_at_abort.ts";
import { startRanks } from "../../dist/run_ranks.ts";
import type { Row } from "../row.ts";

/** R11. */
export const deadRank: Row = {
  id: "R11",
  promise: "a dead or stopped rank ends the job, with its name, within 60 s",
  async measure({ quick, signal: stop }) {
    const silence: Record<string, string> = quick ? { CLIPA_DIST_SILENCE: "3" } : {};
    const seconds: number[] = [];
    let named = 0;
    for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
      let child: Deno.ChildProcess;
      try {
        child = startRanks(3, ["forever"], silence);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return "mpirun (Open MPI) is not installed";
        throw error;
      }
      using _ = stopAtAbort(child, stop ?? new AbortController().signal, "SIGTERM");
      const stderr = new Response(child.stderr).text();
      const reader = child.stdout.getReader();
      let printed = "";
      while (!printed.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the ranks ended early: ${await stderr}`);
        printed += new TextDecoder().decode(value);
      }
      const pids: number[] = JSON.parse(printed).map(Number);
      const start = performance.now();
      Deno.kill(pids[1], signal);
      const { code } = await child.status;
      await reader.cancel();
      seconds.push((performance.now() - start) / 1000);
      if (code !== 0 && /rank 1\b/.test(await stderr)) named++;
    }
    const slowest = Math.max(...seconds);
    return {
      pass: named === 2 && slowest < 60,
      figure: slowest,
      unit: "s",
      note: `${named} of 2 named: rank 1 of 3 on the CPU killed, and stopped; GPUs: not run here`,
    };
  },
};
