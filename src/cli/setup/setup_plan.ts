import { BROWSER_NEEDS, NOTEBOOK_NEEDS, RANK_NEEDS, type SystemNeed } from "./system_packages.ts";

/** What a task needs before it starts. */
export interface SetupPlan {
  /** The native library. */
  native: boolean;
  /** The tools that only the gate uses (clang-format). */
  gate: boolean;
  /** The builds under the sanitizers. */
  sanitizers?: boolean;
  /** The fuzzers of the library, for which Clang must be there. */
  fuzzers?: boolean;
  /** The CUDA library; its toolkit is fetched where none is installed. */
  cuda?: boolean;
  /** ONNX Runtime's CUDA provider, for a task that needs the CUDA library. */
  ort?: boolean;
  /** The CUDA library on an emulation, which tests use. */
  emulated?: boolean;
  /** Programs without which the task does not start. */
  needs?: readonly SystemNeed[];
  /** Programs that some of its tests use: installed where that is possible; elsewhere those tests fail. */
  wants?: readonly SystemNeed[];
}

/** The set-up of a task with these arguments; undefined for an unknown one. */
export function setupPlan(task: string, args: readonly string[]): SetupPlan | undefined {
  const plan = Object.hasOwn(SETUP_PLANS, task) ? SETUP_PLANS[task] : undefined;
  return plan?.cuda && args.includes("--ort") ? { ...plan, ort: true } : plan;
}

/** The set-up of each task that `deno.json` names. npm packages are needed by all of them. */
export const SETUP_PLANS: Readonly<Record<string, SetupPlan>> = {
  train: { native: true, gate: false },
  launch: { native: true, gate: false, needs: RANK_NEEDS },
  eval: { native: true, gate: false },
  export: { native: true, gate: false },
  "import-weights": { native: true, gate: false },
  card: { native: false, gate: false },
  embed: { native: true, gate: false },
  search: { native: true, gate: false },
  sweep: { native: true, gate: false },
  data: { native: false, gate: false },
  fetch: { native: false, gate: false },
  shards: { native: false, gate: false },
  build: { native: true, gate: false },
  "build:cuda": { native: false, gate: false, cuda: true },
  plan: { native: false, gate: false },
  bench: { native: true, gate: false },
  doctor: { native: true, gate: false },
  notebooks: { native: true, gate: false, needs: [...NOTEBOOK_NEEDS, ...RANK_NEEDS] },
  report: { native: false, gate: false },
  test: {
    native: true,
    gate: false,
    emulated: true,
    wants: [...NOTEBOOK_NEEDS, ...BROWSER_NEEDS, ...RANK_NEEDS],
  },
  "test:sanitize": { native: false, gate: false, sanitizers: true, wants: RANK_NEEDS },
  "test:fuzz": { native: false, gate: false, fuzzers: true },
  trust: { native: true, gate: false, wants: NOTEBOOK_NEEDS },
  "test:cuda-build": { native: false, gate: false, cuda: true },
  ok: {
    native: true,
    gate: true,
    emulated: true,
    wants: [...NOTEBOOK_NEEDS, ...BROWSER_NEEDS, ...RANK_NEEDS],
  },
};
