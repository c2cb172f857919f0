import { basename, join } from "node:path";
import { checkNotebook } from "../notebooks/check_notebook.ts";
import { readNotebook } from "../notebooks/notebook_file.ts";
import { NotebookError, runNotebook } from "../notebooks/run_notebook.ts";
import { openScratchTree } from "../notebooks/scratch_tree.ts";
import { writeWhole } from "../setup/stamp.ts";
import type { Command, CommandContext } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** `deno task notebooks`: executes the notebooks with a real kernel. */
export const notebooks: Command = {
  name: "notebooks",
  summary: "Execute the notebooks with Jupyter and the Deno kernel",
  positional: {
    name: "name",
    default: "all",
    many: true,
    help: "Start of a notebook's name, for example 03 or 03_train",
  },
  options: {
    write: { kind: "flag", help: "Put the executed notebooks into notebooks/ when all went well" },
    check: {
      kind: "flag",
      help: "Execute nothing; check that the outputs in notebooks/ are whole",
    },
  },
  async run(context) {
    const { arguments: args, root } = context;
    const paths = choose(`${root}/notebooks`, args.positionals);
    const check = args.flag("check");
    if (check && args.flag("write")) throw new UsageError("--check writes nothing; drop --write");
    const results = check
      ? paths.map((path) => checkFile(path, root))
      : await runAll(context, paths);
    const failed = results.filter(({ error }) => error !== null);
    for (const { name, error } of failed) console.error(`error: ${name}: ${error}`);
    return {
      code: failed.length === 0 ? 0 : 1,
      json: { notebooks: results, failed: failed.map(({ name }) => name) },
      text: `${results.length - failed.length} notebooks ${check ? "are whole" : "ran"}, ` +
        `${failed.length} failed`,
    };
  },
};

interface NotebookResult {
  name: string;
  seconds: number;
  /** Null when all went well. */
  error: string | null;
}

function checkFile(path: string, root: string): NotebookResult {
  const problems = checkNotebook(readNotebook(path), [root]);
  const error = problems.length === 0
    ? null
    : `${problems.join("; ")}; run "deno task notebooks --write"`;
  return { name: basename(path), seconds: 0, error };
}

async function runAll(
  { root, env, signal, arguments: args }: CommandContext,
  paths: readonly string[],
): Promise<NotebookResult[]> {
  const config = basename(env("CLIPA_DENO_CONFIG") ?? "deno.json");
  using tree = openScratchTree(root, config);
  const results: NotebookResult[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    const name = basename(path);
    console.error(`notebook  ${name}`);
    try {
      const { notebook, seconds } = await runNotebook(path, tree, root, signal);
      if (args.flag("write")) writeWhole(path, JSON.stringify(notebook, null, 1) + "\n");
      console.error(`notebook  ${name}  ${seconds.toFixed(1)} s`);
      results.push({ name, seconds, error: null });
    } catch (error) {
      if (!(error instanceof NotebookError)) throw error;
      results.push({ name, seconds: 0, error: error.message });
    }
  }
  return results;
}

/** The notebooks whose names start with one of the words. */
function choose(folder: string, words: readonly string[]): string[] {
  const names = [...Deno.readDirSync(folder)]
    .filter(({ isFile, name }) => isFile && name.endsWith(".ipynb"))
    .map(({ name }) => name).sort();
  if (words.join() === "all") return names.map((name) => join(folder, name));
  for (const word of words) {
    if (!names.some((name) => name.startsWith(basename(word)))) {
      throw new UsageError(`no notebook is called "${word}"; there are ${names.join(", ")}`);
    }
  }
  return names.filter((name) => words.some((word) => name.startsWith(basename(word))))
    .map((name) => join(folder, name));
}
