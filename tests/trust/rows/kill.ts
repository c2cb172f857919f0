import { killRuns } from "../killed_run.ts";
import { inFolder, type Row } from "../row.ts";

/** R3. */
export const kill: Row = {
  id: "R3",
  promise: "kill -9 at any time loses no file, and the run ends with the same weights",
  measure: ({ kills, signal, stateDir, code, onProgress }) =>
    inFolder(async (dir) => {
      const statePath = stateDir === undefined ? undefined : `${stateDir}/kills.json`;
      const report = await killRuns(dir, kills, { signal, statePath, code, onProgress });
      const { insideSave, finished, problems } = report;
      return {
        pass: problems.length === 0 && report.kills === kills && finished > 0,
        figure: report.kills - problems.length,
        unit: `of ${kills}`,
        note: `${insideSave} of the kills inside a save; ${finished} runs ended` +
          (problems.length === 0 ? " with the same weights" : `: ${problems.join("; ")}`),
      };
    }),
};
