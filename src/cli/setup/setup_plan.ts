/** What a task needs before it starts. */
export interface SetupPlan {
  /** The native library. */
  native: boolean;
  /** The tools that only the gate uses (clang-format). */
  gate: boolean;
  /** The builds under the sanitizers. */
  sanitizers?: boolean;
}

/** The set-up of each task that `deno.json` names. npm packages are needed by all of them. */
export const SETUP_PLANS: Readonly<Record<string, SetupPlan>> = {
  train: { native: true, gate: false },
  eval: { native: true, gate: false },
  export: { native: true, gate: false },
  embed: { native: true, gate: false },
  search: { native: true, gate: false },
  sweep: { native: true, gate: false },
  data: { native: false, gate: false },
  build: { native: true, gate: false },
  plan: { native: false, gate: false },
  bench: { native: true, gate: false },
  test: { native: true, gate: false },
  "test:sanitize": { native: false, gate: false, sanitizers: true },
  ok: { native: true, gate: true },
};
